// Finds the threshold of a method that gives a wanted mean number of predictions (NFE) on some samples: the value of the option
// that its type marks (MethodOption::threshold; called delta below, as in most methods), by the criterion that it declares.
//
// A trajectory tells more than its own NFE: its criterion and threshold say for which other deltas every decision would have
// been the same. So each sample's NFE is known on whole intervals of delta, and a new delta only runs the samples that it is new
// for. Delta is narrowed by bisection between one that predicts too often and one that predicts too seldom, guided by how many
// decisions of the trajectories at hand a change of delta would turn.
#pragma once

#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "harness/experiment/plan.h"

namespace skipbench {

// What one trajectory says: `nfe` predictions for every delta with low < delta < high.
struct DeltaInterval {
  double low = 0, high = 0;
  int nfe = 0;
};

// What `delta` did to some samples: for each, its interval; and the ratios criterion / yardstick (the deltas at which single
// decisions turn) of decisions that predicted and of those that skipped, all samples together.
struct DeltaProbe {
  std::vector<DeltaInterval> samples;
  std::vector<double> predicted, skipped;
};

struct DeltaSearchOptions {
  double target = 0;               // mean NFE, 0 < target
  bool predicts_above = true;      // a larger delta predicts less; false: more (Criterion::Predicts)
  double least = 0, most = 1e6;    // values that delta may have; 0 where predicts_above: predicts always
  double tolerance = 0.25;         // of the mean NFE, within which the target counts as reached and the search ends
  int max_probes = 40;
};

struct DeltaSearchResult {
  bool reached = false;
  double delta = 0;                // the best that was found, as short a decimal as does the same
  double nfe = 0;                  // its mean NFE
  int nfe_min = 0, nfe_max = 0;    // over samples
  int probes = 0;                  // deltas that were tried
  double nfe_of_probes = 0;        // sum of their mean NFE
  // Mean NFE of the nearest deltas on both sides of the target: what there is to choose from. NaN: no delta gives less, or more.
  double nfe_below = std::numeric_limits<double>::quiet_NaN();
  double nfe_above = std::numeric_limits<double>::quiet_NaN();
};

// `probe(delta, which)` runs the samples `which` (indices below `samples`) with delta.
DeltaSearchResult SearchDelta(int samples, int calls, const DeltaSearchOptions& options,
                              const std::function<DeltaProbe(double, const std::vector<int>&)>& probe);

// Takes a trajectory's trace apart, by what the method declares. Throws Error naming the method if it does not do what it says: a
// side that is not recorded, a decision against its own comparison.
DeltaProbe ReadTrajectory(const std::string& method, const Criterion& criterion, const Trace& trace, const std::vector<Decision>& decisions, double delta);

struct CalibrationOptions {
  std::optional<double> nfe;       // wanted mean NFE, or
  std::optional<double> speedup;   // wanted ratio of the full run's MACs to the method's
  double tolerance = 0.25;
  int64_t samples = 16;            // the first of the config's data
};

// What was found for one method of the config on one run of it.
struct Calibration {
  std::string method;              // label with the delta that was found
  std::string run;                 // "euler, 25 steps", "" if there is one only
  std::string option;              // that was moved
  bool predicts_above = true;      // a larger value predicts less
  Json parameters;                 // as for a config, with that delta
  int calls = 0;
  double target = 0;               // mean NFE
  DeltaSearchResult result;
  int64_t evaluations = 0;         // network evaluations it took
  int64_t plain_evaluations = 0;   // what running every sample at every delta tried would have taken
};

// A setting that cannot be calibrated, with the reason.
struct NotCalibrated {
  std::string method;              // label
  std::string reason;
  bool adaptive = false;           // it decides by what it observes, so that a threshold was to be expected
};

struct Calibrations {
  std::vector<Calibration> found;
  std::vector<NotCalibrated> refused;   // each method once; the full run is not among them
};

// For every method of the plan that declares a criterion and an option that its threshold is proportional to (whatever value is
// given there), on every run. Throws Error if there is none, naming the methods, or for a target outside of what any value
// could do. `progress`, may be empty: after each value tried.
Calibrations Calibrate(const Plan& plan, const CalibrationOptions& options,
                       const std::function<void(size_t done, size_t total, const std::string& what)>& progress);

}  // namespace skipbench
