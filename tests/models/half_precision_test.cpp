// The shipped model's U-Net in bfloat16 against itself in float32.
#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include "harness/models/load.h"
#include "tests/support/fixtures.h"

namespace skipbench {
namespace {

TEST(HalfPrecision, UNetInBfloat16) {
  c10::InferenceMode inference;
  at::manual_seed(1);
  const CacheSite position = {.front = 1};
  const auto folder = testing::SourceDir() / "datasets/fashion_scenes/model/unet";
  const auto exact = LoadFolder<Network>(folder), half = LoadFolder<Network>(folder, {.dtype = at::kBFloat16});
  for (int64_t batch : {1, 3}) {
    for (double timestep : {951.0, 21.0}) {
      NetworkInputs inputs;
      inputs.sample = at::randn({batch, 4, 16, 16});
      inputs.timestep = timestep;
      inputs.conditioning["encoder_hidden_states"] = at::randn({batch, 32, 96});
      const NetworkOutput full = half->Forward(inputs, {.keep = {position}});
      const at::Tensor expected = exact->Forward(inputs).sample;
      EXPECT_EQ(full.sample.scalar_type(), at::kBFloat16);
      const at::Tensor difference = full.sample.to(at::kFloat) - expected;
      // bfloat16 keeps 8 bits: 0.4 % a value, and errors of many layers add up like a random walk.
      EXPECT_LT((difference.square().mean().sqrt() / expected.square().mean().sqrt()).item<double>(), 0.02)
          << "timestep " << timestep;
      // A shallow forward on features of the same call is the full forward.
      EXPECT_TRUE(
          at::equal(half->Forward(inputs, {.site = position, .cached = full.kept.at(position)}).sample, full.sample));
    }
  }
}

}  // namespace
}  // namespace skipbench
