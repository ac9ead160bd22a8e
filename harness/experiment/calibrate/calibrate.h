// Finds the threshold of a method that gives a wanted mean number of predictions (NFE) on some samples: the value of
// the option that its type marks (OptionSpec::threshold; called delta below, as in most methods), by the criterion that
// it declares.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "harness/experiment/calibrate/delta_search.h"
#include "harness/experiment/plan/plan.h"

namespace skipbench {

struct CalibrationOptions {
  std::optional<double> nfe;      // wanted mean NFE, or
  std::optional<double> speedup;  // wanted ratio of the full run's MACs to the method's
  double tolerance = 0.25;
  int64_t samples = 16;  // the first of the config's data
};

// What was found for one method of the config on one run of it.
struct Calibration {
  std::string method;          // label with the delta that was found
  std::string run;             // "euler, 25 steps", "" if there is one only
  std::string option;          // that was moved
  bool predicts_above = true;  // a larger value predicts less
  Json parameters;             // as for a config, with that delta
  int calls = 0;
  bool partial = false;  // calls between predictions run a part of the network
  double target = 0;     // mean NFE
  DeltaSearchResult result;
  int64_t evaluations = 0;        // network evaluations it took
  int64_t plain_evaluations = 0;  // what running every sample at every delta tried would have taken
};

// A setting that cannot be calibrated, with the reason.
struct NotCalibrated {
  std::string method;  // label
  std::string reason;
  bool adaptive = false;  // it decides by what it observes, so that a threshold was to be expected
};

struct Calibrations {
  std::vector<Calibration> found;
  std::vector<NotCalibrated> refused;  // each method once; the full run is not among them
};

// For every method of the plan that declares a criterion and an option that its threshold is proportional to, whatever
// its value, on every run. Throws Error naming the methods if there is none, and for a target outside of what any value
// could do. `progress`, may be empty: how many of
// the `total` thresholds are found, the share of the one at hand (an estimate: nobody knows how many values it will
// take) included.
Calibrations Calibrate(const Plan& plan, const CalibrationOptions& options,
                       const std::function<void(double done, double total, const std::string& what)>& progress);

}  // namespace skipbench
