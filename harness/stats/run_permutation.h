// A permutation test of two skip paths that respects how neighbouring steps hang together.
#pragma once

#include <cstdint>

#include "harness/stats/path_agreement.h"

namespace skipbench {

// p-value of the agreement of two paths, steps from `first` on. The estimated path is a sequence of runs of skips and
// runs of predictions; its runs of skips are put into a random order, its runs of predictions likewise, and it starts
// with either kind at random where that is possible (equally many runs of both). So every draw has the observed path's
// number of skips and its runs. With the margins fixed, chi-square grows with |skips in common - its expectation|; p is
// (1 + draws that reach the observed value) / (1 + draws): Phipson and Smyth 2010, "Permutation p-values should never
// be zero".
//
// Plain permutation (FisherExactP()) treats steps as exchangeable, which paths with long runs are not: it finds two
// paths of long runs more alike than they are. ComparePaths' shift_p keeps even more of the path, but cannot be below 1
// / steps. Throws Error as ComparePaths does, and for fewer than 1 draw. The same seed, the same p, on every machine.
double RunPermutationP(PathMask searched, PathMask estimated, int first, int draws, uint64_t seed);

}  // namespace skipbench
