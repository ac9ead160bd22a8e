#include "metrics/psnr.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "metrics/pictures.h"

namespace skipbench {

SquaredError CompareBytes(const at::Tensor& picture, const at::Tensor& reference) {
  CheckBytes(picture, reference, "psnr");
  const at::Tensor a = picture.contiguous();
  const at::Tensor b = reference.contiguous();
  const uint8_t* pa = a.const_data_ptr<uint8_t>();
  const uint8_t* pb = b.const_data_ptr<uint8_t>();
  SquaredError error{0, a.numel(), 0};
  uint8_t max = 0;
  // Blocks small enough for 32-bit sums, which vectorise: 65536 * 255^2 < 2^32.
  for (int64_t start = 0; start < error.elements; start += 65536) {
    const int64_t end = std::min<int64_t>(start + 65536, error.elements);
    uint32_t block = 0;
    for (int64_t i = start; i < end; ++i) {
      const int32_t d = static_cast<int32_t>(pa[i]) - static_cast<int32_t>(pb[i]);
      block += static_cast<uint32_t>(d * d);
    }
    for (int64_t i = start; i < end; ++i) max = std::max(max, pa[i]);
    error.sum += block;
  }
  error.max_value = max;
  return error;
}

double Psnr(const SquaredError& error) {
  if (error.sum == 0) return std::numeric_limits<double>::infinity();
  return 10 * std::log10(255.0 * 255.0 / error.mse());
}

double Psnr(const at::Tensor& picture, const at::Tensor& reference) { return Psnr(CompareBytes(picture, reference)); }

MetricType PsnrMetric() {
  return {.name = "psnr",
          .summary =
              "peak signal-to-noise ratio of 8-bit pictures, peak 255; of clips the mean over the frames that differ",
          .columns = {{.name = "psnr",
                       .title = "PSNR",
                       .unit = "dB",
                       .better = Direction::kHigher,
                       .decimals = 2,
                       .limit = 0.5,
                       .ceiling = 100,  // of 8-bit pictures that differ it rarely reaches 90
                       .order = 0,
                       .per_frame = true}},
          .needs_pictures = true,
          .measure = [](const MetricInput& sample, const MetricInput& reference) {
            return std::vector{Psnr(sample.picture, reference.picture)};
          }};
}

}  // namespace skipbench
