// SplitMix64 (Steele, Lea and Flood 2014): tiny, and the same everywhere, unlike the distributions of <random>.
#pragma once

#include <cstdint>

namespace skipbench {

class SplitMix {
 public:
  explicit SplitMix(uint64_t seed) : state_(seed) {}
  uint64_t Next() {
    uint64_t z = state_ += 0x9E3779B97F4A7C15;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    return z ^ (z >> 31);
  }
  // Uniform in [0, n), without bias: Lemire 2019 (arXiv 1805.10941).
  uint64_t Below(uint64_t n) {
    while (true) {
      const auto product = static_cast<unsigned __int128>(Next()) * n;
      if (static_cast<uint64_t>(product) >= -n % n) return static_cast<uint64_t>(product >> 64);
    }
  }

 private:
  uint64_t state_;
};

}  // namespace skipbench
