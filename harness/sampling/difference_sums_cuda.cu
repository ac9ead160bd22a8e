// The sums of DifferenceSums in one pass over the latents. A row is cut into chunks, one block each; a block's threads
// add up in double, then the block reduces in a fixed order and writes its eight partial sums; a second, tiny kernel
// adds the chunks up in order. No atomics: the result is the same every time.
#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <cuda_runtime.h>

#include "harness/sampling/difference_sums_cuda.h"

namespace skipbench {

namespace {

constexpr int kThreads = 256;
constexpr int kColumns = 8;
constexpr int kSelf = 3;  // place of x_i itself among the four pairs of sums
constexpr int64_t kElementsPerBlock = 8 * kThreads;

template <typename T>
__device__ double ToDouble(T value) {
  return static_cast<double>(value);
}
template <>
__device__ double ToDouble(__half value) {
  return static_cast<double>(__half2float(value));
}
template <>
__device__ double ToDouble(__nv_bfloat16 value) {
  return static_cast<double>(__bfloat162float(value));
}

struct Pointers {
  const void* at[4];
};

// Sum over the block, valid in thread 0. The order of additions is fixed.
__device__ double BlockSum(double value, double* shared) {
  for (int offset = 16; offset > 0; offset /= 2) value += __shfl_down_sync(0xffffffffu, value, offset);
  const int warp = threadIdx.x / 32;
  __syncthreads();  // `shared` may still be read from the last call
  if (threadIdx.x % 32 == 0) shared[warp] = value;
  __syncthreads();
  double sum = 0;
  if (threadIdx.x == 0) {
    for (int w = 0; w < kThreads / 32; ++w) sum += shared[w];
  }
  return sum;
}

template <typename T, int Order>
__global__ void __launch_bounds__(kThreads)
    PartialSums(Pointers history, int64_t elements, int64_t per_chunk, double* partial) {
  const int64_t row = blockIdx.y;
  const int64_t chunk = blockIdx.x;
  const int64_t begin = chunk * per_chunk;
  const int64_t end = min(begin + per_chunk, elements);
  double abs_sum[4] = {}, square_sum[4] = {};
  for (int64_t k = begin + threadIdx.x; k < end; k += kThreads) {
    double x[4] = {};
#pragma unroll
    for (int i = 0; i <= Order; ++i) x[i] = ToDouble(static_cast<const T*>(history.at[i])[row * elements + k]);
    const double difference[4] = {x[0] - x[1], x[0] - 2.0 * x[1] + x[2], x[0] - 3.0 * x[1] + 3.0 * x[2] - x[3], x[0]};
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      if (i != kSelf && i >= Order) continue;
      abs_sum[i] += fabs(difference[i]);
      square_sum[i] += difference[i] * difference[i];
    }
  }
  __shared__ double shared[kThreads / 32];
  double* out = partial + (row * gridDim.x + chunk) * kColumns;
  for (int i = 0; i < 4; ++i) {
    const double abs_total = BlockSum(abs_sum[i], shared);
    const double square_total = BlockSum(square_sum[i], shared);
    if (threadIdx.x != 0) continue;
    const bool computed = i == kSelf || i < Order;
    out[2 * i] = computed ? abs_total : nan("");
    out[2 * i + 1] = computed ? square_total : nan("");
  }
}

__global__ void AddChunks(const double* partial, int64_t chunks, int64_t rows, double* sums) {
  const int64_t place = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;  // row * kColumns + column
  if (place >= rows * kColumns) return;
  const double* first = partial + place / kColumns * chunks * kColumns + place % kColumns;
  double sum = 0;
  for (int64_t chunk = 0; chunk < chunks; ++chunk) sum += first[chunk * kColumns];
  sums[place] = sum;
}

template <typename T>
void Launch(const DifferenceSumsLaunch& launch) {
  const auto stream = static_cast<cudaStream_t>(launch.stream);
  const int64_t chunks = DifferenceSumsChunks(launch);
  const int64_t per_chunk = (launch.elements + chunks - 1) / chunks;
  Pointers history;
  for (int i = 0; i < 4; ++i) history.at[i] = launch.history[i];
  const dim3 grid(static_cast<unsigned>(chunks), static_cast<unsigned>(launch.rows));
  const auto kernel = launch.order == 0   ? PartialSums<T, 0>
                      : launch.order == 1 ? PartialSums<T, 1>
                      : launch.order == 2 ? PartialSums<T, 2>
                                          : PartialSums<T, 3>;
  kernel<<<grid, kThreads, 0, stream>>>(history, launch.elements, per_chunk, launch.partial);
  const unsigned blocks = static_cast<unsigned>((launch.rows * kColumns + kThreads - 1) / kThreads);
  AddChunks<<<blocks, kThreads, 0, stream>>>(launch.partial, chunks, launch.rows, launch.sums);
}

}  // namespace

int64_t DifferenceSumsChunks(const DifferenceSumsLaunch& launch) {
  const int64_t chunks = (launch.elements + kElementsPerBlock - 1) / kElementsPerBlock;
  return chunks < 1 ? 1 : chunks > 64 ? 64 : chunks;
}

const char* LaunchDifferenceSums(const DifferenceSumsLaunch& launch) {
  if (launch.rows == 0) return nullptr;
  if (launch.rows > 65535) return "more than 65535 rows";
  switch (launch.type) {
    case DifferenceSumsType::kFloat16: Launch<__half>(launch); break;
    case DifferenceSumsType::kBFloat16: Launch<__nv_bfloat16>(launch); break;
    case DifferenceSumsType::kFloat32: Launch<float>(launch); break;
    case DifferenceSumsType::kFloat64: Launch<double>(launch); break;
  }
  const cudaError_t error = cudaGetLastError();
  return error == cudaSuccess ? nullptr : cudaGetErrorString(error);
}

}  // namespace skipbench
