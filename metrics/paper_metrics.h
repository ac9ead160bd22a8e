// What the evaluation published with AdaptiveDiffusion computes under the names of PSNR and FVD, for comparison with
// its tables.
#pragma once

#include <cstdint>
#include <span>

#include "harness/measures/set_metric.h"

namespace skipbench {

// Pictures in batches, in order; in each batch the peak is the largest value that occurs in the accelerated pictures
// (not 255), the MSE is pooled, and batches without a finite value (all identical, all black) are dropped whole. The
// rest is averaged, weighted by batch length. For a clip the frames are one batch.
struct PaperPsnr {
  double mean = 0;  // NaN when all batches were dropped
  int64_t batches = 0;
  int64_t dropped = 0;
};
PaperPsnr PaperCompatPsnr(std::span<const SquaredError> pictures, int64_t batch_size = 16);

SetMetric PaperPsnrMetric(const std::string& name, const std::string& network);

// The mean of |f_a - f_b|^2 over pairs of clips.
SetMetric PaperFrechetMetric(const std::string& name, const std::string& network);

}  // namespace skipbench
