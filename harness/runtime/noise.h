// Unit Gaussian noise, the same for a sample whatever batch, order, shard or resumed run it is in: every draw depends
// on (seed, sample, draw) only. Its bits do not depend on the CPU (harness/base/portable_math.h).
#pragma once

#include <ATen/core/Tensor.h>

#include <array>
#include <cstdint>
#include <memory>

namespace skipbench {

// The noise of one sample. Draw 0 is the initial noise, draw k + 1 belongs to scheduler call k. Draws may be asked for
// in any order and repeatedly. Tensors are float32 on the CPU, of the shape the stream was opened with.
class NoiseStream {
 public:
  virtual ~NoiseStream() = default;
  virtual at::Tensor Draw(int draw) = 0;
};

class NoiseSource {
 public:
  virtual ~NoiseSource() = default;
  // `sample_id` names the sample; `ordinal` is its place (0-based) in the experiment's data, which the rows of a
  // noise file follow (harness/experiment/plan/file_noise.h).
  virtual std::unique_ptr<NoiseStream> Open(int64_t sample_id, int64_t ordinal, at::IntArrayRef shape) const = 0;
};

// `counter`: Philox4x32-10 (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3") with
//   key     = (low 32 bits of seed + high 32 bits of sample id, low 32 bits of sample id)
//   counter = (low 32 bits of element / 4, high 32 bits of element / 4, draw, high 32 bits of seed)
// so that the four words of a block serve elements 4b .. 4b+3: words (0, 1) and (2, 3) each make two normals by
// Box-Muller in double, u = (word + 0.5) / 2^32: sqrt(-2 ln u0) cos(2 pi u1), sqrt(-2 ln u0) sin(2 pi u1), rounded to
// float32. Computed on the CPU: the same numbers for every device.
std::unique_ptr<NoiseSource> CounterNoise(uint64_t seed);

// `torch_cpu`: torch.Generator("cpu").manual_seed(seed + sample_id); torch.randn of the latent's shape in float32 for
// each draw, in order. The bits are those of torch 2.11 on a CPU with AVX2, and on every CPU.
std::unique_ptr<NoiseSource> TorchCpuNoise(uint64_t seed);

// The four output words of Philox4x32-10; public for its test vectors.
std::array<uint32_t, 4> Philox4x32(std::array<uint32_t, 4> counter, std::array<uint32_t, 2> key);

}  // namespace skipbench
