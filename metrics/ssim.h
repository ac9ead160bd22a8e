// SSIM: Wang, Bovik, Sheikh and Simoncelli 2004, "Image Quality Assessment: From Error Visibility to Structural
// Similarity". Gaussian window 11x11 with sigma 1.5, K1 0.01, K2 0.03, data range 255, population covariance; per
// channel, then the mean. float64.
#pragma once

#include <ATen/core/Tensor.h>

#include "metrics/metric.h"

namespace skipbench {

enum class SsimBorder {
  kValid,    // only where the window fits, as in the paper and scikit-image; NaN (undefined) if a side is below 11
  kReflect,  // everywhere, the picture being reflected by 5 without repeating its edge, as in torchmetrics; sides >= 6
};

// Two uint8 pictures [C, H, W] of one shape, on the CPU. Throws Error for anything else.
double Ssim(const at::Tensor& picture, const at::Tensor& reference, SsimBorder border = SsimBorder::kValid);

MetricType SsimMetric();
MetricType SsimReflectMetric();

}  // namespace skipbench
