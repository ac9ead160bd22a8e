// What a metric of one sample is: values of what a setting made of it against what the reference setting made of the same
// sample. (Metrics of whole sets, which compare distributions, are another thing.)
#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

namespace skipbench {

// What a run made of a sample.
struct MetricInput {
  at::Tensor picture;           // uint8 [C, H, W] on the CPU; of a clip [T, C, H, W]
  at::Tensor latent;            // [C, ...], the final latent
};

struct MetricColumn {
  std::string name;             // of the values in the results: "psnr"
  std::string unit;             // "dB", or empty for a pure number
  bool higher_is_better = false;
};

struct MetricType {
  std::string name;             // in a config: "psnr", "ssim:reflect"
  std::string summary;          // one line
  std::vector<MetricColumn> columns;
  bool needs_pictures = false;  // else it needs latents
  bool needs_reference = true;  // compares with the reference's picture or latent of the same sample
  // One value per column; NaN where it is undefined, +infinity the PSNR of identical pictures. Throws Error for input that
  // does not fit.
  std::vector<double> (*measure)(const MetricInput& sample, const MetricInput& reference) = nullptr;
};

}  // namespace skipbench
