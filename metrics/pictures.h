// What picture metrics ask of their input, and clips, frame by frame.
#pragma once

#include <ATen/core/Tensor.h>

#include <span>
#include <string>
#include <vector>

#include "metrics/metric.h"

namespace skipbench {

// Throws Error, naming the metric, unless both are uint8 tensors on the CPU of one shape, with a dimension and not
// empty.
void CheckBytes(const at::Tensor& picture, const at::Tensor& reference, const char* metric);

// The pictures one after the other: [n, 3, H, W].
at::Tensor StackedPictures(std::span<const MetricInput> inputs);

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
