// The sets of CPU kernels that this machine can run, with each type that they multiply.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

#include "harness/nn/cpu/cpu_kernels.h"

namespace skipbench::testing {

struct Variant {
  const cpu::Kernels* kernels;
  at::ScalarType dtype;
};

inline std::vector<Variant> Variants() {
  std::vector<Variant> variants;
  for (const cpu::Kernels* kernels : cpu::RunnableKernels())
    for (at::ScalarType dtype : {at::kFloat, at::kBFloat16}) variants.push_back({kernels, dtype});
  return variants;
}

// "avx512 Float"
inline std::string Name(const Variant& v) { return std::string(v.kernels->name) + " " + c10::toString(v.dtype); }

}  // namespace skipbench::testing
