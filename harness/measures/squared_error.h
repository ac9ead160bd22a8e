// What PSNR needs of a pair of 8-bit pictures.
#pragma once

#include <algorithm>
#include <cstdint>

namespace skipbench {

// Exact, and additive over pictures (the frames of a clip, a batch).
struct SquaredError {
  uint64_t sum = 0;  // of (picture - reference)^2
  int64_t elements = 0;
  uint8_t max_value = 0;  // largest value of the picture (not of the reference)
  SquaredError& operator+=(const SquaredError& other) {
    sum += other.sum;
    elements += other.elements;
    max_value = std::max(max_value, other.max_value);
    return *this;
  }
  double mse() const { return static_cast<double>(sum) / static_cast<double>(elements); }
};

}  // namespace skipbench
