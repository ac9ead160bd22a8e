#include "harness/nn/cpu/cpu_kernels.h"

// All that the matrix unit does not do is done as on other CPUs with AVX-512 BF16; every CPU with AMX has that.
#define SB_LANES 16
#define SB_MAX_ROWS 14
#define SB_BFLOAT16
#define SB_TARGET __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16,avx2,fma")))
#define SB_AMX "harness/nn/cpu/cpu_amx_unit.inc"
#define SB_BASE Avx512Bf16Kernels
#define SB_KERNELS AmxKernels
#define SB_NAME "amx"
#include "harness/nn/cpu/cpu_kernels.inc"
