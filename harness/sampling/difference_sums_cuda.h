// The CUDA kernel behind ComputeDifferenceSums, behind an interface of plain pointers: difference_sums_cuda.cu is the
// only file that nvcc compiles.
#pragma once

#include <cstdint>

namespace skipbench {

enum class DifferenceSumsType { kFloat16, kBFloat16, kFloat32, kFloat64 };

struct DifferenceSumsLaunch {
  const void* history[4] = {};  // [rows, elements] each, contiguous, newest first; order + 1 of them
  DifferenceSumsType type = DifferenceSumsType::kFloat32;
  int order = 0;  // 0..3
  int64_t rows = 0;
  int64_t elements = 0;
  double* partial = nullptr;  // [rows, DifferenceSumsChunks(), 8], scratch
  double* sums = nullptr;     // [rows, 8], columns as DifferenceColumn
  void* stream = nullptr;     // cudaStream_t
};

// Into how many pieces a row is cut: depends on its length only, so that its sums do not depend on the other rows.
int64_t DifferenceSumsChunks(const DifferenceSumsLaunch& launch);

// Queues the kernel; does not wait. Returns nullptr, or CUDA's error message.
const char* LaunchDifferenceSums(const DifferenceSumsLaunch& launch);

}  // namespace skipbench
