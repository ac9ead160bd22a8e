// The search for the delta that gives a wanted mean number of predictions (NFE).
//
// A trajectory's criterion and threshold say for which other deltas every decision would have been the same, so a new
// delta only runs the samples that it is new for. Delta is narrowed by bisection between one that predicts too often
// and one that predicts too seldom, guided by how many known decisions a change of delta would turn.
#pragma once

#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "harness/sampling/method.h"

namespace skipbench {

// What one trajectory says: `nfe` predictions for every delta with low < delta < high.
struct DeltaInterval {
  double low = 0, high = 0;
  int nfe = 0;
};

// What `delta` did to some samples: for each, its interval; and the ratios criterion / yardstick (the deltas at which
// single decisions turn) of decisions that predicted and of those that skipped, all samples together.
struct DeltaProbe {
  std::vector<DeltaInterval> samples;
  std::vector<double> predicted, skipped;
};

struct DeltaSearchOptions {
  double target = 0;             // mean NFE, 0 < target
  bool predicts_above = true;    // a larger delta predicts less; false: more (Criterion::Predicts)
  double least = 0, most = 1e6;  // values that delta may have; 0 where predicts_above: predicts always
  double tolerance = 0.25;       // of the mean NFE, within which the target counts as reached and the search ends
  int max_probes = 40;
};

struct DeltaSearchResult {
  bool reached = false;
  double delta = 0;              // the best that was found, as short a decimal as does the same
  double nfe = 0;                // its mean NFE
  int nfe_min = 0, nfe_max = 0;  // over samples
  int probes = 0;                // deltas that were tried
  double nfe_of_probes = 0;      // sum of their mean NFE
  // Mean NFE of the nearest deltas on both sides of the target: what there is to choose from. NaN: no delta gives less,
  // or more.
  double nfe_below = std::numeric_limits<double>::quiet_NaN();
  double nfe_above = std::numeric_limits<double>::quiet_NaN();
};

// `probe(delta, which)` runs the samples `which` (indices below `samples`) with delta.
DeltaSearchResult SearchDelta(int samples, int calls, const DeltaSearchOptions& options,
                              const std::function<DeltaProbe(double, const std::vector<int>&)>& probe);

// Takes a trajectory's trace apart, by what the method declares. Throws Error naming the method if it does not do what
// it says: a side that is not recorded, a decision against its own comparison.
DeltaProbe ReadTrajectory(const std::string& method, const Criterion& criterion, const Trace& trace,
                          const std::vector<Decision>& decisions, double delta);

}  // namespace skipbench
