// What every picture metric asks of its input.
#pragma once

#include <ATen/core/Tensor.h>

namespace skipbench {

// Throws Error, naming the metric, unless both are uint8 tensors on the CPU of one shape, with a dimension and not empty.
void CheckBytes(const at::Tensor& picture, const at::Tensor& reference, const char* metric);

}  // namespace skipbench
