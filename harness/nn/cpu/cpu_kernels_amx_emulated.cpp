#include "harness/nn/cpu/cpu_kernels.h"

// Vectors as wide as those of CPUs with AMX, made of narrower ones; what this means for passing them to functions does
// not matter where all functions are inline.
#pragma GCC diagnostic ignored "-Wpsabi"

#define SB_LANES 16
#define SB_MAX_ROWS 4
#define SB_VECTORS_EMULATED
#define SB_TARGET __attribute__((target("avx2,fma")))
#define SB_AMX "harness/nn/cpu/cpu_amx_emulated.inc"
#define SB_KERNELS AmxEmulatedKernels
#define SB_NAME "amx_emulated"
#include "harness/nn/cpu/cpu_kernels.inc"
