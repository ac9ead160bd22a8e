#include "harness/nn/cpu/cpu_kernels.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string_view>
#ifdef __linux__
#include <sys/syscall.h>
#include <unistd.h>
#endif

#include "harness/base/error.h"

namespace skipbench::cpu {

namespace {

constexpr const char* kVariable = "SKIPBENCH_CPU_KERNELS";
constexpr std::string_view kNames[] = {"amx", "avx512_bf16", "avx512", "avx2", "none", "amx_emulated"};

struct Answer {
  bool granted = false;
  std::string refusal;  // why not, where the CPU has a matrix unit
};

// The tiles are larger than what a signal handler's stack was made for, so Linux wants to be asked, once for the whole
// process (Documentation/arch/x86/xstate.rst).
Answer AskForTiles() {
#if defined(__linux__) && defined(__x86_64__) && defined(SYS_arch_prctl)
  constexpr int kRequestPermission = 0x1023, kTileData = 18;  // ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA
  if (syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0) return {true, ""};
  return {false, std::strerror(errno)};
#else
  return {false, "no way is known to ask this system for it"};
#endif
}

struct Machine {
  std::vector<const Kernels*> sets;  // that it can run, best first
  std::string refusal;               // of the matrix unit
};

Machine Look() {
  Machine machine;
#if defined(__x86_64__) && defined(__GNUC__)
  __builtin_cpu_init();
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  const bool avx512 = avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
  const bool bf16 = avx512 && __builtin_cpu_supports("avx512bf16");
  const auto add = [&](bool supported, const Kernels* set) {
    if (supported && set) machine.sets.push_back(set);
  };
  if (bf16 && AmxKernels() && __builtin_cpu_supports("amx-tile") && __builtin_cpu_supports("amx-bf16")) {
    const Answer answer = AskForTiles();
    machine.refusal = answer.refusal;
    add(answer.granted, AmxKernels());
  }
  add(bf16, Avx512Bf16Kernels());
  add(avx512, Avx512Kernels());
  add(avx2, Avx2Kernels());
  add(avx2, AmxEmulatedKernels());
#endif
  return machine;
}

const Machine& ThisMachine() {
  static const Machine machine = Look();
  return machine;
}

// For tests and for comparing; what the machine lacks cannot be had.
std::string_view Wanted() {
  const char* wish = std::getenv(kVariable);
  const std::string_view wanted = wish ? wish : "";
  if (wanted.empty()) return wanted;
  std::string names;
  for (std::string_view name : kNames) {
    if (name == wanted) return wanted;
    names += (names.empty() ? "" : ", ") + std::string(name);
  }
  Fail("{}: expected one of {}, found \"{}\"", kVariable, names, wanted);
}

const Kernels* Choose() {
  const std::vector<const Kernels*>& sets = ThisMachine().sets;
  const std::string_view wanted = Wanted();
  if (wanted == "none" || sets.empty()) return nullptr;
  for (const Kernels* set : sets)
    if (wanted == set->name) return set;
  return sets[0];
}

}  // namespace

std::vector<const Kernels*> RunnableKernels() { return ThisMachine().sets; }

const Kernels* BestKernels() {
  static const Kernels* const kernels = Choose();
  return kernels;
}

std::string DescribeKernels() {
  const Kernels* kernels = BestKernels();
  const std::string name = kernels ? kernels->name : "none";
  const std::string_view wanted = Wanted();
  const std::string& refusal = ThisMachine().refusal;
  std::string why;
  if (!refusal.empty() && (wanted.empty() || wanted == "amx"))
    why = "the system refuses the use of AMX: " + refusal;
  else if (!wanted.empty() && wanted != name)
    why = std::string(kVariable) + " asks for " + std::string(wanted) + ", which this machine does not have";
  return why.empty() ? name : name + " (" + why + ")";
}

}  // namespace skipbench::cpu
