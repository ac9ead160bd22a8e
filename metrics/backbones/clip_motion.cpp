#include "metrics/backbones/clip_motion.h"

#include <ATen/ATen.h>

namespace skipbench {
namespace {

constexpr double kGround = 0.15;  // what is darker counts as background
constexpr double kTiny = 1e-9;    // of a black frame's mass

// Of one frame's light [H, W]: its centre (row over H, column over W).
std::pair<double, double> Centre(const at::Tensor& light) {
  const double mass = light.sum().item<double>() + kTiny;
  const auto along = [&](int64_t axis) {
    const at::Tensor places = at::arange(light.size(axis), at::kDouble);
    return (light.sum(1 - axis) * places).sum().item<double>() / mass / static_cast<double>(light.size(axis));
  };
  return {along(0), along(1)};
}

// uint8 [T, 3, H, W]
at::Tensor Describe(const at::Tensor& clip) {
  const at::Tensor x = clip.to(at::kDouble) / 255;
  const at::Tensor light = (x.amax(1) - kGround).clamp_min(0);  // [T, H, W]
  const int64_t frames = clip.size(0);
  const auto first = Centre(light[0]), last = Centre(light[frames - 1]);
  const double mass = light.sum().item<double>() + static_cast<double>(frames) * kTiny;
  const at::Tensor colour = (x * light.unsqueeze(1)).sum({0, 2, 3}) / mass;
  const double change = (x.narrow(0, 1, frames - 1) - x.narrow(0, 0, frames - 1)).abs().mean().item<double>();
  return at::cat(
      {at::tensor({first.first, first.second, last.first, last.second, 4 * light.mean().item<double>()}, at::kDouble),
       colour, at::tensor({10 * change}, at::kDouble)});
}

}  // namespace

ClipMotion::ClipMotion()
    : FeatureNetwork(
          {.name = "motion", .network = "clip_motion", .preprocessing = "none", .dimension = 9, .clips = true}) {}

at::Tensor ClipMotion::Compute(const at::Tensor& clips) const {
  if (clips.size(1) < 2) Fail("motion: clips of at least 2 frames are needed, found {}", clips.size(1));
  std::vector<at::Tensor> rows;
  for (const at::Tensor& clip : clips.unbind()) rows.push_back(Describe(clip));
  return at::stack(rows);
}

}  // namespace skipbench
