// Random draws that are the same on every machine and with every standard library, unlike <random>'s distributions.
#pragma once

#include <cstdint>
#include <limits>
#include <random>
#include <utility>
#include <vector>

namespace skipbench {

// Uniform in [0, n), without bias; n > 0.
inline uint64_t Draw(std::mt19937_64& generator, uint64_t n) {
  const uint64_t limit = std::numeric_limits<uint64_t>::max() / n * n;
  uint64_t value = generator();
  while (value >= limit) value = generator();
  return value % n;
}

// Fisher and Yates, as Knuth has it.
template <class T>
void Shuffle(std::vector<T>& values, std::mt19937_64& generator) {
  for (size_t i = values.size(); i > 1; --i) std::swap(values[i - 1], values[Draw(generator, i)]);
}

}  // namespace skipbench
