// How far the final latent of an accelerated run is from that of the full run.
#pragma once

#include <ATen/core/Tensor.h>

#include "metrics/metric.h"

namespace skipbench {

struct LatentError {
  double l1 = 0;           // sum |a - b|
  double l2 = 0;           // sqrt(sum (a - b)^2): what the greedy-optimal search minimises
  double l1_relative = 0;  // over sum |b|; 0 if a = b, infinite if only b is zero
  double l2_relative = 0;  // over sqrt(sum b^2)
};

// Floating-point tensors of one shape, on one device; summed in float64. Throws Error for anything else. NaN stays NaN.
LatentError CompareLatents(const at::Tensor& latent, const at::Tensor& reference);

MetricType LatentErrorMetric();

}  // namespace skipbench
