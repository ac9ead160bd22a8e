#include "harness/nn/layers/patches.h"

#include <ATen/ATen.h>
#include <fmt/ranges.h>

#include <functional>
#include <numeric>

#include "harness/base/error.h"
#include "harness/nn/layers/macs.h"

namespace skipbench {

namespace {
int64_t Product(at::IntArrayRef sizes) {
  return std::accumulate(sizes.begin(), sizes.end(), int64_t{1}, std::multiplies<>());
}
}  // namespace

void CheckPatches(at::IntArrayRef sample, const PatchSize& patch) {
  const at::IntArrayRef sizes = sample.slice(2);
  bool whole = sizes.size() == patch.size();
  for (size_t i = 0; i < patch.size() && whole; ++i) whole = sizes[i] % patch[i] == 0;
  if (!whole) Fail("a sample of {}: this network takes multiples of {}", fmt::join(sizes, "x"), fmt::join(patch, "x"));
}

at::Tensor ToPatches(const at::Tensor& sample, const PatchSize& patch) {
  const int64_t axes = static_cast<int64_t>(patch.size()), batch = sample.size(0), channels = sample.size(1);
  std::vector<int64_t> split = {batch, channels}, order = {0};
  for (int64_t i = 0; i < axes; ++i) {
    split.insert(split.end(), {sample.size(2 + i) / patch[i], patch[i]});
    order.push_back(2 + 2 * i);
  }
  order.push_back(1);
  for (int64_t i = 0; i < axes; ++i) order.push_back(3 + 2 * i);
  return sample.reshape(split).permute(order).reshape({batch, -1, channels * Product(patch)});
}

at::Tensor FromPatches(const at::Tensor& tokens, at::IntArrayRef shape, const PatchSize& patch, bool channels_last) {
  const int64_t axes = static_cast<int64_t>(patch.size());
  std::vector<int64_t> split = {shape[0]}, order = {0, channels_last ? 1 + 2 * axes : 1 + axes};
  for (int64_t i = 0; i < axes; ++i) {
    split.push_back(shape[2 + i] / patch[i]);
    order.insert(order.end(), {1 + i, 1 + axes + i + (channels_last ? 0 : 1)});
  }
  if (!channels_last) split.push_back(shape[1]);
  split.insert(split.end(), patch.begin(), patch.end());
  if (channels_last) split.push_back(shape[1]);
  return tokens.reshape(split).permute(order).reshape(shape);
}

PatchEmbedding::PatchEmbedding(const Weights& w, int64_t channels, int64_t dim, PatchSize patch)
    : name_(ModuleName(w)), patch_(std::move(patch)), channels_(channels), dim_(dim) {
  std::vector<int64_t> shape = {dim, channels};
  shape.insert(shape.end(), patch_.begin(), patch_.end());
  linear_ = PackedLinear({w.Take("weight", shape).flatten(1)}, {w.Take("bias", {dim})});
}

at::Tensor PatchEmbedding::Forward(const at::Tensor& sample) const {
  CheckPatches(sample.sizes(), patch_);
  if (!sample.is_meta()) return linear_.Forward(ToPatches(sample, patch_));
  const int64_t patches = Product(sample.sizes().slice(2)) / Product(patch_);
  at::Tensor y = at::empty({sample.size(0), patches, dim_}, sample.options());
  CountConv(name_, y, channels_, Product(patch_), true);
  return y;
}

namespace {

// Of places along one axis, [places, dim]: sines, then cosines. diffusers divides in float32 and goes on in float64.
at::Tensor AxisTable(int64_t places, int64_t base, double scale, int64_t dim) {
  const auto wide = at::TensorOptions(at::kDouble);
  const at::Tensor position = at::arange(places, at::TensorOptions(at::kFloat)) /
                              (static_cast<double>(places) / static_cast<double>(base)) / scale;
  const at::Tensor frequency = at::pow(10000.0, -at::arange(dim / 2, wide) / (static_cast<double>(dim) / 2));
  const at::Tensor angle = position.to(at::kDouble).unsqueeze(1) * frequency.unsqueeze(0);
  return at::cat({angle.sin(), angle.cos()}, 1);
}

}  // namespace

at::Tensor SinePositions(int64_t height, int64_t width, int64_t base, double scale, int64_t dim) {
  const at::Tensor columns = AxisTable(width, base, scale, dim / 2).unsqueeze(0).expand({height, -1, -1});
  const at::Tensor rows = AxisTable(height, base, scale, dim / 2).unsqueeze(1).expand({-1, width, -1});
  return at::cat({columns, rows}, -1).flatten(0, 1).to(at::kFloat);
}

}  // namespace skipbench
