// PSNR of 8-bit pictures.
#pragma once

#include <ATen/core/Tensor.h>

#include "harness/measures/squared_error.h"
#include "metrics/metric.h"

namespace skipbench {

// Two uint8 tensors of one shape, on the CPU. Throws Error for anything else, and for empty ones.
SquaredError CompareBytes(const at::Tensor& picture, const at::Tensor& reference);

// 10 log10(255^2 / mse) dB, in float64; +infinity for identical pictures.
double Psnr(const SquaredError& error);
double Psnr(const at::Tensor& picture, const at::Tensor& reference);

MetricType PsnrMetric();

}  // namespace skipbench
