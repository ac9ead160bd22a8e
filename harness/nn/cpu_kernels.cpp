#include "harness/nn/cpu_kernels.h"

#include <cstdlib>
#include <string_view>

namespace skipbench::cpu {

namespace {
const Kernels* Choose() {
#if defined(__x86_64__) && defined(__GNUC__)
  __builtin_cpu_init();
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  const bool avx512 = avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
  // For tests and for comparing: avx512, avx2 or none; what the machine lacks cannot be asked for.
  const char* wish = std::getenv("SKIPBENCH_CPU_KERNELS");
  const std::string_view wanted = wish ? wish : "";
  if (wanted == "none") return nullptr;
  if (avx512 && wanted != "avx2" && Avx512Kernels()) return Avx512Kernels();
  if (avx2) return Avx2Kernels();
#endif
  return nullptr;
}
}  // namespace

const Kernels* BestKernels() {
  static const Kernels* const kernels = Choose();
  return kernels;
}

}  // namespace skipbench::cpu
