#include "harness/runtime/noise.h"

#include <ATen/ATen.h>

#include "harness/base/portable_math.h"
#include "harness/runtime/torch_cpu_generator.h"

namespace skipbench {

std::array<uint32_t, 4> Philox4x32(std::array<uint32_t, 4> counter, std::array<uint32_t, 2> key) {
  constexpr uint64_t kMultiplier0 = 0xD2511F53, kMultiplier1 = 0xCD9E8D57;
  constexpr uint32_t kWeyl0 = 0x9E3779B9, kWeyl1 = 0xBB67AE85;
  for (int round = 0; round < 10; ++round) {
    const uint64_t p0 = kMultiplier0 * counter[0], p1 = kMultiplier1 * counter[2];
    counter = {static_cast<uint32_t>(p1 >> 32) ^ counter[1] ^ key[0], static_cast<uint32_t>(p1),
               static_cast<uint32_t>(p0 >> 32) ^ counter[3] ^ key[1], static_cast<uint32_t>(p0)};
    key[0] += kWeyl0;
    key[1] += kWeyl1;
  }
  return counter;
}

namespace {

class CounterStream : public NoiseStream {
 public:
  CounterStream(uint64_t seed, int64_t sample_id, at::IntArrayRef shape)
      : seed_(seed), id_(static_cast<uint64_t>(sample_id)), shape_(shape.vec()) {}

  at::Tensor Draw(int draw) override {
    at::Tensor noise = at::empty(shape_, at::kFloat);
    float* out = noise.mutable_data_ptr<float>();
    const int64_t n = noise.numel();
    const std::array<uint32_t, 2> key = {static_cast<uint32_t>(seed_) + static_cast<uint32_t>(id_ >> 32),
                                         static_cast<uint32_t>(id_)};
    for (int64_t block = 0; 4 * block < n; ++block) {
      const auto words = Philox4x32({static_cast<uint32_t>(block), static_cast<uint32_t>(block >> 32),
                                     static_cast<uint32_t>(draw), static_cast<uint32_t>(seed_ >> 32)},
                                    key);
      for (int pair = 0; pair < 2; ++pair) {
        const portable::NormalPair normal =
            portable::BoxMuller((words[2 * pair] + 0.5) * 0x1p-32, (words[2 * pair + 1] + 0.5) * 0x1p-32);
        const int64_t at = 4 * block + 2 * pair;
        if (at < n) out[at] = normal.cos;
        if (at + 1 < n) out[at + 1] = normal.sin;
      }
    }
    return noise;
  }

 private:
  uint64_t seed_, id_;
  std::vector<int64_t> shape_;
};

// A generator runs forward only, so what it drew is kept: draws may be asked for again by another branch or schedule.
class TorchCpuStream : public NoiseStream {
 public:
  TorchCpuStream(uint64_t seed, int64_t sample_id, at::IntArrayRef shape)
      : generator_(seed + static_cast<uint64_t>(sample_id)), shape_(shape.vec()) {}
  at::Tensor Draw(int draw) override {
    while (static_cast<int>(drawn_.size()) <= draw) {
      drawn_.push_back(at::empty(shape_, at::kFloat));
      generator_.Fill(drawn_.back().mutable_data_ptr<float>(), drawn_.back().numel());
    }
    return drawn_[draw];
  }

 private:
  TorchCpuGenerator generator_;
  std::vector<int64_t> shape_;
  std::vector<at::Tensor> drawn_;
};

template <typename Stream>
class Source : public NoiseSource {
 public:
  explicit Source(uint64_t seed) : seed_(seed) {}
  std::unique_ptr<NoiseStream> Open(int64_t id, int64_t, at::IntArrayRef shape) const override {
    return std::make_unique<Stream>(seed_, id, shape);
  }

 private:
  uint64_t seed_;
};

}  // namespace

std::unique_ptr<NoiseSource> CounterNoise(uint64_t seed) { return std::make_unique<Source<CounterStream>>(seed); }
std::unique_ptr<NoiseSource> TorchCpuNoise(uint64_t seed) { return std::make_unique<Source<TorchCpuStream>>(seed); }

}  // namespace skipbench
