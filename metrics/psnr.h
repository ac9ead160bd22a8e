// PSNR of 8-bit pictures.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <span>
#include <vector>

namespace skipbench {

// What PSNR needs of a pair: exact, and additive over pictures (the frames of a clip, a batch).
struct SquaredError {
  uint64_t sum = 0;          // of (picture - reference)^2
  int64_t elements = 0;
  uint8_t max_value = 0;     // largest value of the picture (not of the reference)
  SquaredError& operator+=(const SquaredError& other);
  double mse() const { return static_cast<double>(sum) / static_cast<double>(elements); }
};

// Two uint8 tensors of one shape, on the CPU. Throws Error for anything else, and for empty ones.
SquaredError CompareBytes(const at::Tensor& picture, const at::Tensor& reference);

// 10 log10(255^2 / mse) dB, in float64; +infinity for identical pictures.
double Psnr(const SquaredError& error);
double Psnr(const at::Tensor& picture, const at::Tensor& reference);

// The mean over a set. Identical pairs have no finite PSNR; they are counted apart and left out of the mean.
struct PsnrMean {
  double mean = 0;           // NaN when no pair differs
  int64_t counted = 0;
  int64_t identical = 0;
};
PsnrMean MeanPsnr(std::span<const double> psnr);
// Of the frames of a clip: uint8 [T, C, H, W]. The clip's value is the mean over the frames that differ.
std::vector<double> FramePsnr(const at::Tensor& clip, const at::Tensor& reference);

// What the evaluation published with AdaptiveDiffusion computes, for comparison with its tables: pictures in batches, in
// order; in each batch the peak is the largest value that occurs in the accelerated pictures (not 255), the MSE is pooled, and
// batches without a finite value (all identical, all black) are dropped whole. The rest is averaged, weighted by batch length.
// For a clip the frames are one batch.
struct PaperPsnr {
  double mean = 0;           // NaN when all batches were dropped
  int64_t batches = 0;
  int64_t dropped = 0;
};
PaperPsnr PaperCompatPsnr(std::span<const SquaredError> pictures, int64_t batch_size = 16);

}  // namespace skipbench
