// The Frechet distance between two normal distributions (Dowson and Landau 1982), which of Inception features is FID
// (Heusel et al. 2017, arXiv 1706.08500) and of I3D features FVD:
//
//   |m_a - m_b|^2 + tr S_a + tr S_b - 2 tr (S_a S_b)^(1/2)
//
// The last term is computed without a matrix square root: from features as the nuclear norm of A B^T / sqrt((n_a - 1)
// (n_b - 1)), A and B the centred features, which is exact also where there are fewer samples than dimensions; from
// covariances as dense_solver.h says, of nearly singular ones off by up to some 1e-8 (tr S_a + tr S_b). Nothing is
// added to a diagonal, and no sample that is too small is mended: with no more samples than dimensions a covariance is
// singular and the distance biased upwards.
#pragma once

#include <span>

#include "harness/stats/feature_statistics.h"

namespace skipbench {

struct FrechetResult {
  double distance = 0;   // of equal sets it may come out as -1e-14; reported as it is
  double mean_term = 0;  // |m_a - m_b|^2
  double trace_a = 0, trace_b = 0;
  double trace_root = 0;  // tr (S_a S_b)^(1/2)
};

// Throws Error for different dimensions, covariances that are not symmetric or not finite.
FrechetResult FrechetDistance(const Gaussian& a, const Gaussian& b);
// Of statistics with at least two samples each.
FrechetResult FrechetDistance(const FeatureStatistics& a, const FeatureStatistics& b);
// Of features with at least two rows each: from the features themselves where that is exact and no more expensive (few
// samples, or few dimensions), else from their covariances. Throws Error also for values that are not finite.
FrechetResult FrechetDistance(const FeatureView& a, const FeatureView& b);

// With one sample in each set there is no covariance: |f_a - f_b|^2. What the published evaluation of AdaptiveDiffusion
// computes for video, one pair of clips at a time (fixtures' README: `paper_compat`).
double SquaredDistance(std::span<const float> a, std::span<const float> b);

}  // namespace skipbench
