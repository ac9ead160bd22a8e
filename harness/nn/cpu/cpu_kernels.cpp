#include "harness/nn/cpu/cpu_kernels.h"

#include <cstdlib>
#include <string_view>

namespace skipbench::cpu {

std::vector<const Kernels*> RunnableKernels() {
  std::vector<const Kernels*> sets;
#if defined(__x86_64__) && defined(__GNUC__)
  __builtin_cpu_init();
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  const bool avx512 = avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
  const auto add = [&](bool supported, const Kernels* set) {
    if (supported && set) sets.push_back(set);
  };
  add(avx512 && __builtin_cpu_supports("avx512bf16"), Avx512Bf16Kernels());
  add(avx512, Avx512Kernels());
  add(avx2, Avx2Kernels());
#endif
  return sets;
}

namespace {
const Kernels* Choose() {
  const std::vector<const Kernels*> sets = RunnableKernels();
  // For tests and for comparing; what the machine lacks cannot be asked for.
  const char* wish = std::getenv("SKIPBENCH_CPU_KERNELS");
  const std::string_view wanted = wish ? wish : "";
  if (wanted == "none" || sets.empty()) return nullptr;
  for (const Kernels* set : sets)
    if (wanted == set->name) return set;
  return sets[0];
}
}  // namespace

const Kernels* BestKernels() {
  static const Kernels* const kernels = Choose();
  return kernels;
}

}  // namespace skipbench::cpu
