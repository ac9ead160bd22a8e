#include "harness/nn/cpu/cpu_kernels.h"

#define SB_LANES 16
#define SB_MAX_ROWS 14
#define SB_TARGET __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")))
#define SB_KERNELS Avx512Kernels
#define SB_NAME "avx512"
#include "harness/nn/cpu/cpu_kernels.inc"
