// Nine numbers read off a clip's pixels: what moves where, how large it is and in which colour. They give the Frechet
// distance `fd_motion`: no network sees the clips, and it is neither FVD nor comparable with one. Made for clips of one
// bright thing on a dark ground, as the shipped video model draws them; scripts/fashion_motion/evaluate.py compares the
// same numbers with those of real clips.
#pragma once

#include "metrics/backbones/feature_network.h"

namespace skipbench {

// With light = max(0, brightest channel - 0.15) and channels in [0, 1]; each number is about between 0 and 1:
//   0, 1   row and column of the light's centre in the first frame, over height and width
//   2, 3   the same in the last frame
//   4      4 times the mean light
//   5..7   mean red, green and blue, weighted by light
//   8      10 times the mean absolute difference of neighbouring frames
class ClipMotion : public FeatureNetwork {
 public:
  ClipMotion();

 protected:
  at::Tensor Compute(const at::Tensor& clips) const override;
};

}  // namespace skipbench
