#include "harness/nn/cpu_kernels.h"

#if defined(__x86_64__) && defined(__GNUC__)
#define SB_LANES 8
#define SB_MAX_ROWS 6
#define SB_TARGET __attribute__((target("avx2,fma")))
#include "harness/nn/cpu_kernels.inc"

namespace skipbench::cpu {
const Kernels* Avx2Kernels() {
  static const Kernels kernels = {"avx2", kLanes, kPanel, kMaxRows, Gemm, nullptr, Moments<float>, Moments<uint16_t>,
                                  Affine<float>, Affine<uint16_t>, LayerNormRows<float>, LayerNormRows<uint16_t>, PackedKeysSize,
                                  PackedValuesSize, PackKeys, PackValues, AttentionScratch, AttentionBlockOf};
  return &kernels;
}
}  // namespace skipbench::cpu
#else
namespace skipbench::cpu {
const Kernels* Avx2Kernels() { return nullptr; }
}  // namespace skipbench::cpu
#endif
