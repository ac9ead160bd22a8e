// The normal numbers of torch.randn with torch.Generator("cpu"), float32, in our own arithmetic: torch's kernel for
// AVX2 (at work on every CPU that has it, AVX-512 or not) and its kernel for other CPUs differ in the last bits, and
// the noise of a sample must not. Source: ATen/native/cpu/DistributionTemplates.h of PyTorch 2.11.
#pragma once

#include <cstdint>
#include <optional>
#include <random>

namespace skipbench {

class TorchCpuGenerator {
 public:
  // manual_seed(seed): torch seeds its Mersenne Twister with the low 32 bits.
  explicit TorchCpuGenerator(uint64_t seed) : engine_(static_cast<uint32_t>(seed)) {}

  // torch.randn of `count` numbers: in blocks of sixteen from 16 numbers on, one by one in double precision below.
  void Fill(float* out, int64_t count);

 private:
  void FillUniform(float* out, int64_t count);
  double NextUniform();
  double NextNormal();

  std::mt19937 engine_;
  std::optional<double> kept_;  // the second normal number of a pair that was drawn one by one
};

}  // namespace skipbench
