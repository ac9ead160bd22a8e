// Random numbers that are the same on every machine and with every standard library, unlike <random>'s distributions.
#pragma once

#include <cstdint>
#include <limits>
#include <random>
#include <utility>
#include <vector>

namespace skipbench {

// SplitMix64's finaliser: every bit of the result depends on every bit of `x`.
inline uint64_t MixBits(uint64_t x) {
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
  return x ^ (x >> 31);
}

// SplitMix64 (Steele, Lea and Flood 2014), a generator of eight bytes.
class SplitMix {
 public:
  explicit SplitMix(uint64_t seed) : state_(seed) {}
  uint64_t Next() { return MixBits(state_ += 0x9E3779B97F4A7C15); }
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

// Uniform in [0, n), without bias; n > 0.
inline uint64_t UniformBelow(std::mt19937_64& generator, uint64_t n) {
  const uint64_t limit = std::numeric_limits<uint64_t>::max() / n * n;
  uint64_t value = generator();
  while (value >= limit) value = generator();
  return value % n;
}

// Fisher and Yates, as Knuth has it.
template <class T>
void Shuffle(std::vector<T>& values, std::mt19937_64& generator) {
  for (size_t i = values.size(); i > 1; --i) std::swap(values[i - 1], values[UniformBelow(generator, i)]);
}

}  // namespace skipbench
