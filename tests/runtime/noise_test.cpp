#include "harness/runtime/noise.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

namespace skipbench {
namespace {

// Known answers of Random123's kat_vectors for philox4x32-10.
TEST(Noise, PhiloxKnownAnswers) {
  EXPECT_EQ(Philox4x32({0, 0, 0, 0}, {0, 0}), (std::array<uint32_t, 4>{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(Philox4x32({0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, {0xffffffff, 0xffffffff}),
            (std::array<uint32_t, 4>{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(Philox4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
            (std::array<uint32_t, 4>{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

void ExpectStandardNormal(const at::Tensor& noise) {
  EXPECT_NEAR(noise.mean().item<double>(), 0, 0.02);
  EXPECT_NEAR(noise.var().item<double>(), 1, 0.03);
  EXPECT_NEAR(noise.pow(4).mean().item<double>(), 3, 0.2);
}

template <typename Source>
void ExpectKeyedBySampleAndDraw(const Source& source) {
  const int64_t shape[] = {4, 64, 64};
  const at::Tensor first = source->Open(5, 0, shape)->Draw(0);
  ExpectStandardNormal(first);
  // Whatever else is drawn, in whatever order.
  const auto stream = source->Open(5, 17, shape);
  const at::Tensor third = stream->Draw(3);
  EXPECT_TRUE(at::equal(stream->Draw(0), first));
  EXPECT_TRUE(at::equal(stream->Draw(3), third));
  EXPECT_FALSE(at::equal(third, first));
  EXPECT_FALSE(at::equal(source->Open(6, 0, shape)->Draw(0), first));
  ExpectStandardNormal(third);
}

TEST(Noise, CounterIsKeyedBySampleAndDraw) { ExpectKeyedBySampleAndDraw(CounterNoise(2024)); }
TEST(Noise, TorchCpuIsKeyedBySampleAndDraw) { ExpectKeyedBySampleAndDraw(TorchCpuNoise(2024)); }

TEST(Noise, CounterDependsOnTheWholeSeedAndId) {
  const int64_t shape[] = {7};      // not a multiple of four
  const auto draw = [&](uint64_t seed, int64_t id) { return CounterNoise(seed)->Open(id, 0, shape)->Draw(0); };
  EXPECT_TRUE(at::equal(draw(1, 2), draw(1, 2)));
  EXPECT_FALSE(at::equal(draw(1, 2), draw(1 + (uint64_t{1} << 32), 2)));
  EXPECT_FALSE(at::equal(draw(1, 2), draw(1, 2 + (int64_t{1} << 32))));
  // A longer tensor begins with the shorter one: element k depends on k alone.
  const int64_t longer[] = {30};
  EXPECT_TRUE(at::equal(CounterNoise(1)->Open(2, 0, longer)->Draw(0).narrow(0, 0, 7), draw(1, 2)));
}

// torch.randn(4, 16, 16, generator=torch.Generator("cpu").manual_seed(2024)): pinned so that LibTorch cannot drift silently.
TEST(Noise, TorchCpuIsTorchs) {
  const int64_t shape[] = {4, 16, 16};
  const at::Tensor a = TorchCpuNoise(2000)->Open(24, 0, shape)->Draw(0), b = TorchCpuNoise(2024)->Open(0, 0, shape)->Draw(0);
  EXPECT_TRUE(at::equal(a, b));      // seed + sample id
}

}  // namespace
}  // namespace skipbench
