// The algebra of SADA: latents, outputs and what is made of them as sums with numbers as weights.
#pragma once

#include <map>
#include <vector>

#include "harness/sampling/method.h"
#include "methods/sada/sada.h"

namespace skipbench::sada {

// A weighted sum of the network's inputs before calls and of its outputs (or guided outputs) at calls, by call.
struct Combination {
  std::map<int, double> inputs, outputs;
  Combination& Add(const Combination& other, double factor);
};

// The numbers of a run that the rule reads. Inputs are as the network is given them.
class Solver {
 public:
  // Throws UnsupportedError where the run does not say them or the rule does not fit; `label`: whose.
  Solver(const SadaOptions& options, const RunShape& run, const std::string& label);

  // The input before `call` + 1, extrapolated from the three inputs and outputs up to `call`; `last`: for each of those
  // calls, newest first, the one whose output it used.
  Combination Extrapolated(int call, const int (&last)[3]) const;
  // A positive multiple of the second difference of the ODE's drift, of the same calls.
  Combination Curvature(int call, const int (&last)[3]) const;

  // x0 of an input and an output at a call.
  Combination X0(int call, const Combination& input, int output) const;
  // x0 at `call`, interpolated through those of the calls `points`.
  Combination Lagrange(int call, const std::vector<int>& points) const;
  // The output at `call` of which the scheduler makes this x0.
  Combination OutputOf(int call, const Combination& x0) const;

  // What latents are multiplied with to be inputs of the network.
  double scale(int call) const { return run_.scales[call]; }
  double sigma(int call) const { return run_.sigmas[call]; }
  // Whether the published code extrapolates the input of a skipped call; if not, it takes the input as it is.
  bool extrapolates() const { return extrapolates_; }

 private:
  enum class Prediction { kEpsilon, kSample, kVelocity, kFlow };

  // What one call adds to the input by the ODE (as published: 1/calls of the drift), of the output of call `output`.
  Combination Increment(int call, int output) const;
  void ReadBetas(const SadaOptions& options, const std::string& label);

  RunShape run_;
  Prediction prediction_;
  bool as_published_, extrapolates_ = true, scaled_ = false;
  std::vector<double> betas_;  // as_published: at each call
};

}  // namespace skipbench::sada
