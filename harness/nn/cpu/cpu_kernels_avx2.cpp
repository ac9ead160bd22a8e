#include "harness/nn/cpu/cpu_kernels.h"

#if defined(__x86_64__) && defined(__GNUC__)
#define SB_LANES 8
#define SB_MAX_ROWS 6
#define SB_TARGET __attribute__((target("avx2,fma")))
#include "harness/nn/cpu/cpu_kernels.inc"

namespace skipbench::cpu {
const Kernels* Avx2Kernels() {
  static const Kernels kernels = MakeKernels("avx2");
  return &kernels;
}
}  // namespace skipbench::cpu
#else
namespace skipbench::cpu {
const Kernels* Avx2Kernels() { return nullptr; }
}  // namespace skipbench::cpu
#endif
