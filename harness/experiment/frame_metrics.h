// PSNR and SSIM of every frame of a clip, beside the clip's own values.
#pragma once

#include <vector>

#include "harness/store/records.h"
#include "metrics/metric.h"

namespace skipbench {

// Where `metrics` has psnr or ssim: "psnr_per_frame", "ssim_per_frame" among the features of sample `s` of n, [n, F]; not a
// number until then. Clips are uint8 [F, C, H, W]. Identical frames have a PSNR of +infinity.
void MeasureFrames(const std::vector<const MetricType*>& metrics, const at::Tensor& clip, const at::Tensor& reference, int64_t n, int64_t s,
                   SettingWave* out);

// The same columns without values, so that every wave has them.
void ReserveFrames(const std::vector<const MetricType*>& metrics, int64_t frames, int64_t n, SettingWave* out);

}  // namespace skipbench
