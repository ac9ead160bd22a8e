#include "harness/nn/cpu/cpu_kernels.h"

#define SB_LANES 8
#define SB_MAX_ROWS 6
#define SB_TARGET __attribute__((target("avx2,fma")))
#define SB_KERNELS Avx2Kernels
#define SB_NAME "avx2"
#include "harness/nn/cpu/cpu_kernels.inc"
