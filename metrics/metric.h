// What a metric of one sample is: values of what a setting made of it against what the reference setting made of the
// same sample. (Metrics of whole sets, which compare distributions, are another thing: harness/measures/set_metric.h.)
#pragma once

#include <ATen/core/Tensor.h>

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "harness/measures/metric_info.h"

namespace skipbench {

struct FeatureNetworkOptions;

// What a run made of a sample.
struct MetricInput {
  at::Tensor picture;        // uint8 [C, H, W] on the CPU; of a clip [T, C, H, W]
  at::Tensor latent;         // [C, ...], the final latent
  std::string caption = {};  // what it was asked to show
};

// A metric with a network, its weights loaded: measures many samples at a time.
class MetricNetwork {
 public:
  virtual ~MetricNetwork() = default;
  // Values of each sample, one per column; pictures of one size, [3, H, W] each. `references` is empty where the metric
  // needs none.
  virtual std::vector<std::vector<double>> Measure(std::span<const MetricInput> samples,
                                                   std::span<const MetricInput> references) const = 0;
};

struct MetricType {
  std::string name;     // in a config: "psnr", "ssim:reflect"
  std::string summary;  // one line
  std::vector<MetricInfo> columns;
  bool needs_pictures = false;  // else it needs latents; of clips it gets one frame at a time (metrics/pictures.h)
  bool needs_reference = true;  // compares with the reference's picture or latent of the same sample
  bool needs_caption = false;
  // One value per column; NaN where it is undefined, +infinity the PSNR of identical pictures. Throws Error for input
  // that does not fit. Null where the metric has a network.
  std::vector<double> (*measure)(const MetricInput& sample, const MetricInput& reference) = nullptr;
  // The files of its network's weights; null where it has none. Throws MissingWeightsError, which names all that are
  // missing.
  std::vector<std::filesystem::path> (*weights)(const FeatureNetworkOptions& options) = nullptr;
  // Loads its network; null where it has none. Throws MissingWeightsError (metrics/backbones/feature_network.h).
  std::unique_ptr<MetricNetwork> (*open)(const FeatureNetworkOptions& options) = nullptr;
};

}  // namespace skipbench
