// What picture metrics ask of their input.
#pragma once

#include <ATen/core/Tensor.h>

#include <span>

#include "metrics/metric.h"

namespace skipbench {

// Throws Error, naming the metric, unless both are uint8 tensors on the CPU of one shape, with a dimension and not
// empty.
void CheckBytes(const at::Tensor& picture, const at::Tensor& reference, const char* metric);

// The pictures one after the other: [n, 3, H, W].
at::Tensor StackedPictures(std::span<const MetricInput> inputs);

}  // namespace skipbench
