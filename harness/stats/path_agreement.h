// How far an estimated skip path agrees with the searched one, step by step.
#pragma once

#include <cstdint>
#include <span>

#include "harness/stats/chi_square.h"

namespace skipbench {

// 1: the step computes a prediction, 0: it skips. One entry per step.
using PathMask = std::span<const uint8_t>;

struct PathAgreement {
  ContingencyTable table;  // [searched skip, compute][estimated skip, compute]
  ChiSquare test;
  double fisher_p = 1;  // FisherExactP()
  // Share of the cyclic shifts of the estimated path (the given one included) whose chi2 reaches the observed one. The
  // other tests treat steps as independent, which neighbours are not; shifting keeps how the estimated path hangs
  // together.
  double shift_p = 1;
  int64_t skips_searched = 0;
  int64_t skips_estimated = 0;
  double agreement = 0;  // share of steps with the same decision
  // Cohen's kappa (1960): agreement beyond what paths with these numbers of skips have by chance, (agreement - chance)
  // / (1 - chance); 1 for equal paths, 0 on average for unrelated ones. NaN when both paths are all skips or all
  // predictions.
  double kappa = 0;
};

// Steps from `first` on: those before it are forced to compute in both paths, and would only inflate the association.
// Throws Error for paths of different length, entries other than 0 and 1, and when no step is left.
PathAgreement ComparePaths(PathMask searched, PathMask estimated, int first = 0);

// The p-value of the agreement of two paths, steps from `first` on, by a permutation test that respects how
// neighbouring steps hang together: the estimated path's runs of skips are put into a random order, its runs of
// predictions likewise, and it starts with either kind at random where that is possible (equally many runs of both).
// Plain permutation (FisherExactP()) finds two paths of long runs more alike than they are; shift_p cannot be below 1 /
// steps. p is (1 + draws that reach the observed chi-square) / (1 + draws): Phipson and Smyth 2010, "Permutation
// p-values should never be zero". Throws Error as ComparePaths does, and for fewer than 1 draw. The same seed, the same
// p, on every machine.
double RunPermutationP(PathMask searched, PathMask estimated, int first, int draws, uint64_t seed);

}  // namespace skipbench
