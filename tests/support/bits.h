// The SHA-256 of numbers as they lie in memory: for values that must be the same on every CPU.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

#include "harness/io/files/sha256.h"

namespace skipbench::testing {

template <typename Real>
std::string BitsOf(const std::vector<Real>& values) {
  Sha256 hash;
  hash.Update(std::as_bytes(std::span<const Real>(values)));
  return hash.HexDigest();
}

// Contiguous, on the CPU.
inline std::string BitsOf(const at::Tensor& values) {
  Sha256 hash;
  hash.Update({static_cast<const std::byte*>(values.const_data_ptr()), values.nbytes()});
  return hash.HexDigest();
}

}  // namespace skipbench::testing
