#include "harness/runtime/noise.h"

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Version.h>
#include <gtest/gtest.h>

#include "tests/support/bits.h"

namespace skipbench {
namespace {

// Known answers of Random123's kat_vectors for philox4x32-10.
TEST(Noise, PhiloxKnownAnswers) {
  EXPECT_EQ(Philox4x32({0, 0, 0, 0}, {0, 0}),
            (std::array<uint32_t, 4>{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(Philox4x32({0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, {0xffffffff, 0xffffffff}),
            (std::array<uint32_t, 4>{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(Philox4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
            (std::array<uint32_t, 4>{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

using testing::BitsOf;

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
  const int64_t shape[] = {7};  // not a multiple of four
  const auto draw = [&](uint64_t seed, int64_t id) { return CounterNoise(seed)->Open(id, 0, shape)->Draw(0); };
  EXPECT_TRUE(at::equal(draw(1, 2), draw(1, 2)));
  EXPECT_FALSE(at::equal(draw(1, 2), draw(1 + (uint64_t{1} << 32), 2)));
  EXPECT_FALSE(at::equal(draw(1, 2), draw(1, 2 + (int64_t{1} << 32))));
  // A longer tensor begins with the shorter one: element k depends on k alone.
  const int64_t longer[] = {30};
  EXPECT_TRUE(at::equal(CounterNoise(1)->Open(2, 0, longer)->Draw(0).narrow(0, 0, 7), draw(1, 2)));
}

// The bits of a benchmark's noise, whatever the CPU: computed with Python's integers and mpmath (400 bits), rounded
// once.
TEST(Noise, CounterHasTheseBits) {
  const int64_t few[] = {8}, many[] = {16384}, odd[] = {30};
  const at::Tensor first = CounterNoise(2024)->Open(5, 0, few)->Draw(0);
  const float expected[] = {0x1.6eb7e6p-1f,  -0x1.219412p-4f, -0x1.3dc04ap+0f, 0x1.7c52c0p-1f,
                            -0x1.11ac1cp-3f, -0x1.0b76b2p+0f, -0x1.7ae656p-2f, 0x1.2a3024p-1f};
  for (int i = 0; i < 8; ++i) EXPECT_EQ(first.const_data_ptr<float>()[i], expected[i]) << i;
  EXPECT_EQ(BitsOf(CounterNoise(2024)->Open(5, 0, many)->Draw(3)),
            "692cb3c89e3747062504ade7e3283ca2dfb10bf2c3e130c2bde332b0cb27be74");
  EXPECT_EQ(BitsOf(CounterNoise((uint64_t{7} << 32) + 2024)->Open((int64_t{3} << 32) + 5, 0, odd)->Draw(2)),
            "488e00dd7dfb0c123da7d7dc79653de0270f77155717a7905c618dbb73a1774a");
}

// torch.randn(shape, generator=torch.Generator("cpu").manual_seed(seed)) of PyTorch 2.11 on a CPU with AVX2; one
// without draws other last bits. Blocks of sixteen with and without a rest, a small shape, and a seed of more than 32
// bits.
TEST(Noise, TorchCpuHasTorchsBits) {
  const int64_t block[] = {4, 16, 16}, rest[] = {1001}, small[] = {13};
  const auto latent = TorchCpuNoise(2000)->Open(24, 0, block);  // seed + sample id
  EXPECT_EQ(BitsOf(latent->Draw(0)), "378a1b6139bbfadf9fe63f54d06c4b3efcd848c948c9fd5d8daaf18a8a7d6f7b");
  EXPECT_EQ(BitsOf(latent->Draw(1)), "886c80caa644cf53dd6763debc429ca29d25896979593eaa4c98af54ffbe1eb3");
  EXPECT_EQ(BitsOf(TorchCpuNoise(2024)->Open(0, 0, rest)->Draw(0)),
            "caffa14cb663bbcdae65e4e024342250ced2f535b148818eb89d613ca7fdfd53");
  const auto few = TorchCpuNoise(2024 + (uint64_t{5} << 32))->Open(0, 0, small);
  EXPECT_EQ(BitsOf(few->Draw(0)), "15cdeb47787841b7bca3bb6d45642042184be18f7936dcaeb5e86f10f43feb1a");
  EXPECT_EQ(BitsOf(few->Draw(1)), "15c2daf612592eef0e108b83d882734c6835d47da9f06487b1d6d81197b71503");
}

// The LibTorch at hand draws the same numbers: in every bit where it has AVX2; elsewhere its float32 logarithm and
// cosine are off by 2 ulp of arguments up to 33 and 2 pi.
TEST(Noise, TorchCpuIsThisLibTorchs) {
  const int64_t shape[] = {3, 333};
  at::Generator generator = at::detail::createCPUGenerator(77);
  const auto stream = TorchCpuNoise(77)->Open(0, 0, shape);
  for (int draw = 0; draw < 2; ++draw) {
    const at::Tensor expected = at::randn(shape, generator, at::kFloat);
    const double difference = (stream->Draw(draw) - expected).abs().max().item<double>();
    EXPECT_LE(difference, at::get_cpu_capability() == "DEFAULT" ? 1e-5 : 0) << at::get_cpu_capability();
  }
}

}  // namespace
}  // namespace skipbench
