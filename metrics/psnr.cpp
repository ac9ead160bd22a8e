#include "metrics/psnr.h"

#include <ATen/ATen.h>
#include <fmt/ostream.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "harness/base/error.h"
#include "metrics/pictures.h"

namespace skipbench {

SquaredError& SquaredError::operator+=(const SquaredError& other) {
  sum += other.sum;
  elements += other.elements;
  max_value = std::max(max_value, other.max_value);
  return *this;
}

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

PsnrMean MeanPsnr(std::span<const double> psnr) {
  PsnrMean result;
  double sum = 0;
  for (double value : psnr) {
    if (std::isinf(value) && value > 0) {
      ++result.identical;
    } else {
      sum += value;
      ++result.counted;
    }
  }
  result.mean = result.counted ? sum / static_cast<double>(result.counted) : std::numeric_limits<double>::quiet_NaN();
  return result;
}

std::vector<double> FramePsnr(const at::Tensor& clip, const at::Tensor& reference) {
  CheckBytes(clip, reference, "psnr");
  std::vector<double> frames;
  for (int64_t t = 0; t < clip.size(0); ++t) frames.push_back(Psnr(clip[t], reference[t]));
  return frames;
}

PaperPsnr PaperCompatPsnr(std::span<const SquaredError> pictures, int64_t batch_size) {
  if (batch_size < 1) Fail("psnr: the batch size must be at least 1, found {}", batch_size);
  PaperPsnr result;
  double sum = 0;
  double weight = 0;
  while (!pictures.empty()) {
    const auto batch = pictures.first(std::min(pictures.size(), static_cast<size_t>(batch_size)));
    pictures = pictures.subspan(batch.size());
    SquaredError pooled;
    for (const SquaredError& one : batch) pooled += one;
    const double psnr = (2 * std::log(static_cast<double>(pooled.max_value)) - std::log(pooled.mse())) * 10 / std::numbers::ln10;
    ++result.batches;
    if (!std::isfinite(psnr)) {
      ++result.dropped;
      continue;
    }
    sum += psnr * static_cast<double>(batch.size());
    weight += static_cast<double>(batch.size());
  }
  result.mean = weight > 0 ? sum / weight : std::numeric_limits<double>::quiet_NaN();
  return result;
}

}  // namespace skipbench
