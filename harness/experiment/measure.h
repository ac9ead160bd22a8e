// Per-sample metrics of a setting against its reference, by the names a config uses.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <utility>
#include <vector>

#include "harness/experiment/config.h"

namespace skipbench {

struct Measured {
  const at::Tensor& picture;      // uint8 [3, H, W]
  const at::Tensor& latent;       // [C, h, w]
};

// Whether anything in the config looks at pictures.
bool NeedsPictures(const ExperimentConfig& config);

// The columns a metric fills in the results: {"psnr"}; {"latent_l1", "latent_l2"}.
std::vector<std::string> MetricColumns(const std::string& metric);

// Values by column.
std::vector<std::pair<std::string, double>> Measure(const std::string& metric, const Measured& sample, const Measured& reference);

}  // namespace skipbench
