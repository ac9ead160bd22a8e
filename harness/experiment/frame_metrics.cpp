#include "harness/experiment/frame_metrics.h"

#include <ATen/ATen.h>

#include <limits>

#include "metrics/psnr.h"
#include "metrics/ssim.h"

namespace skipbench {

namespace {

std::vector<double> FrameSsim(const at::Tensor& clip, const at::Tensor& reference) {
  std::vector<double> values;
  for (int64_t k = 0; k < clip.size(0); ++k) values.push_back(Ssim(clip[k], reference[k]));
  return values;
}

struct FrameMetric {
  const char* name;
  const char* column;
  std::vector<double> (*measure)(const at::Tensor& clip, const at::Tensor& reference);
};
constexpr FrameMetric kFrameMetrics[] = {{"psnr", "psnr_per_frame", FramePsnr}, {"ssim", "ssim_per_frame", FrameSsim}};

// Calls `use` with what is wanted of the metrics of frames.
template <typename Use>
void ForEach(const std::vector<const MetricType*>& metrics, Use&& use) {
  for (const FrameMetric& frame_metric : kFrameMetrics)
    for (const MetricType* metric : metrics)
      if (metric->name == frame_metric.name) use(frame_metric);
}

}  // namespace

void ReserveFrames(const std::vector<const MetricType*>& metrics, int64_t frames, int64_t n, SettingWave* out) {
  ForEach(metrics, [&](const FrameMetric& metric) {
    out->features[metric.column] = {{n, frames}, std::vector<float>(n * frames, std::numeric_limits<float>::quiet_NaN())};
  });
}

void MeasureFrames(const std::vector<const MetricType*>& metrics, const at::Tensor& clip, const at::Tensor& reference, int64_t n, int64_t s,
                   SettingWave* out) {
  const int64_t frames = clip.size(0);
  ForEach(metrics, [&](const FrameMetric& metric) {
    const std::vector<double> values = metric.measure(clip, reference);
    std::vector<float>& column = out->features.at(metric.column).values;
    for (int64_t k = 0; k < frames; ++k) column[s * frames + k] = static_cast<float>(values[k]);
  });
}

}  // namespace skipbench
