#include "harness/nn/cpu/cpu_kernels.h"

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>

#define SB_LANES 16
#define SB_MAX_ROWS 14
#define SB_BFLOAT16
#define SB_TARGET __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16,avx2,fma")))
#include "harness/nn/cpu/cpu_kernels.inc"

namespace skipbench::cpu {
const Kernels* Avx512Bf16Kernels() {
  static const Kernels kernels = MakeKernels("avx512_bf16");
  return &kernels;
}
}  // namespace skipbench::cpu
#else
namespace skipbench::cpu {
const Kernels* Avx512Bf16Kernels() { return nullptr; }
}  // namespace skipbench::cpu
#endif
