#include "metrics/pictures.h"

#include <ATen/ATen.h>
#include <fmt/ostream.h>

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

}  // namespace skipbench
