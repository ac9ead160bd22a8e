// Noise levels σ = sqrt((1 − ᾱ)/ᾱ), for the schedulers that think in them (Karras et al. 2022, arXiv 2206.00364), in
// the arithmetic of numpy, which diffusers uses for them: float32 tables, float64 in between.
#pragma once

#include <vector>

#include "harness/base/options.h"

namespace skipbench {

// How the σ of a run are placed: where the timesteps are, or by a rule between the largest and the smallest σ.
enum class SigmaRule {
  kTimesteps,
  kKarras,       // use_karras_sigmas: arXiv 2206.00364, equation 5, ρ = 7
  kExponential,  // use_exponential_sigmas: equidistant log σ
  kBeta,         // use_beta_sigmas: quantiles of Beta(0.6, 0.6), arXiv 2407.12173
  kLu,           // use_lu_lambdas: equidistant λ = −log σ, arXiv 2206.00927 (DPM-Solver only)
};
// At most one of them may be set.
struct SigmaRules {
  bool use_karras_sigmas = false, use_exponential_sigmas = false, use_beta_sigmas = false, use_lu_lambdas = false;
};
// `with_lu`: the class knows use_lu_lambdas.
OptionTable<SigmaRules> SigmaRulesTable(bool with_lu);
SigmaRule RuleOf(const SigmaRules& rules);

// σ [T] of the training timesteps, ascending.
std::vector<float> SigmaTable(const std::vector<float>& alphas_cumprod);

// numpy.interp of the table at t; constant beyond its ends.
double SigmaAt(const std::vector<float>& table, double t);

// Throws OptionError unless the ends are in order.
void CheckSigmaEnds(double sigma_min, double sigma_max);

// n values from sigma_max down to sigma_min; every rule but kTimesteps.
std::vector<double> PlaceSigmas(SigmaRule rule, double sigma_max, double sigma_min, int n);

// The (fractional) timestep of a σ, linear in log σ.
class SigmaToTimestep {
 public:
  explicit SigmaToTimestep(const std::vector<float>& table);
  double operator()(double sigma) const;
  // λ = log σ of the table's ends as numpy has them in float32.
  float log_max() const { return log_sigmas_.back(); }
  float log_min() const { return log_sigmas_.front(); }

 private:
  std::vector<float> log_sigmas_;
};

// numpy's float32 logarithm (its AVX2 and AVX-512 loops), which is not the nearest float in one case of six. Timesteps
// that are cut to integers depend on the last bit of it. The same on every CPU; numpy's own is another on one without
// AVX2.
float NumpyLog(float x);

}  // namespace skipbench
