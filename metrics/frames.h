// Metrics of clips, frame by frame.
#pragma once

#include <cstdint>
#include <vector>

#include "metrics/metric.h"

namespace skipbench {

// Of a clip [T, C, H, W]: T, and its frames; a picture is a clip of one frame.
int64_t FrameCount(const at::Tensor& picture);
at::Tensor FrameOf(const at::Tensor& picture, int64_t frame);

// What a metric without a network gives of each frame: [column][frame]; of latents there is one. Throws Error where
// sample and reference have unequal sizes.
std::vector<std::vector<double>> MeasureFrames(const MetricType& metric, const MetricInput& sample,
                                               const MetricInput& reference);

// The clip's value: the mean over the frames that are not identical (whose value is infinite); infinite if all are.
double ClipValue(const std::vector<double>& frames);

// "psnr_per_frame": what the frames' values are stored under.
std::string FrameColumn(const MetricInfo& column);

}  // namespace skipbench
