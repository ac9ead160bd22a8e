#include "metrics/pictures.h"

#include <ATen/ATen.h>
#include <fmt/ostream.h>

#include <cmath>
#include <limits>

#include "harness/base/error.h"

namespace skipbench {

void CheckBytes(const at::Tensor& picture, const at::Tensor& reference, const char* metric) {
  for (const at::Tensor* tensor : {&picture, &reference}) {
    if (!tensor->defined()) Fail("{}: a picture is missing", metric);
    if (tensor->scalar_type() != at::kByte || !tensor->is_cpu())
      Fail("{}: expected 8-bit pictures on the CPU, found {} on {}", metric, c10::toString(tensor->scalar_type()),
           fmt::streamed(tensor->device()));
  }
  if (picture.sizes() != reference.sizes())
    Fail("{}: the picture has the shape {}, its reference {}", metric, fmt::streamed(picture.sizes()),
         fmt::streamed(reference.sizes()));
  if (picture.dim() < 1 || picture.numel() == 0) Fail("{}: the picture is empty", metric);
}

at::Tensor StackedPictures(std::span<const MetricInput> inputs) {
  std::vector<at::Tensor> pictures;
  for (const auto& input : inputs) pictures.push_back(input.picture);
  return at::stack(pictures);
}

int64_t FrameCount(const at::Tensor& picture) { return picture.defined() && picture.dim() == 4 ? picture.size(0) : 1; }

at::Tensor FrameOf(const at::Tensor& picture, int64_t frame) {
  return picture.defined() && picture.dim() == 4 ? picture[frame] : picture;
}

std::vector<std::vector<double>> MeasureFrames(const MetricType& metric, const MetricInput& sample,
                                               const MetricInput& reference) {
  if (metric.needs_pictures && metric.needs_reference && sample.picture.defined() && reference.picture.defined() &&
      sample.picture.sizes() != reference.picture.sizes())
    Fail("{}: the picture has the shape {}, its reference {}", metric.name, fmt::streamed(sample.picture.sizes()),
         fmt::streamed(reference.picture.sizes()));
  std::vector<std::vector<double>> columns(metric.columns.size());
  for (int64_t t = 0; t < (metric.needs_pictures ? FrameCount(sample.picture) : 1); ++t) {
    const std::vector<double> values =
        metric.measure({FrameOf(sample.picture, t), sample.latent, sample.caption},
                       {FrameOf(reference.picture, t), reference.latent, reference.caption});
    for (size_t c = 0; c < columns.size(); ++c) columns[c].push_back(values.at(c));
  }
  return columns;
}

double ClipValue(const std::vector<double>& frames) {
  double sum = 0;
  int64_t counted = 0;
  for (const double frame : frames)
    if (!std::isinf(frame)) {
      sum += frame;
      ++counted;
    }
  return counted ? sum / static_cast<double>(counted) : std::numeric_limits<double>::infinity();
}

std::string FrameColumn(const MetricInfo& column) { return column.name + "_per_frame"; }

}  // namespace skipbench
