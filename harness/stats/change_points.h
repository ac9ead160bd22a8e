// Where a series of versions changed: binary segmentation (Scott and Knott 1974), which looks for one change, tests it,
// and goes on in the two parts beside it.
#pragma once

#include <cstddef>
#include <vector>

namespace skipbench {

struct ChangePoint {
  size_t at = 0;                 // the first version after the change
  double before = 0, after = 0;  // means of the stretches up to the neighbouring changes
  double p = 1;                  // of the test that found it, corrected for the places looked at
};

// `values[version][sample]`: the same samples under each version; all finite. The place is where the means, weighted by
// the stretches' lengths (CUSUM), differ most; the test is a paired one of the samples' differences between the
// stretches before and after it (Student's t, two-sided), times the number of places. A change that is the same for
// every sample has p 0. With less than two samples nothing is found.
std::vector<ChangePoint> PairedChanges(const std::vector<std::vector<double>>& values, double alpha);

// One noisy value a version, whose noise nothing else tells (latencies): the largest CUSUM is held against those of the
// values in random orders (a permutation test of 4999 orders, the same on every machine), which takes about eight
// versions before anything can be found.
std::vector<ChangePoint> SeriesChanges(const std::vector<double>& values, double alpha);

}  // namespace skipbench
