#include "harness/schedulers/sigmas.h"

#include <algorithm>
#include <boost/math/special_functions/beta.hpp>
#include <cmath>

#include "harness/base/portable_math.h"
#include "harness/schedulers/spacing.h"

namespace skipbench {
namespace {

// The x below which Beta(0.6, 0.6) has the share p in [0, 1] ("Beta Sampling is All You Need", arXiv 2407.12173). Boost
// computes it in 80-bit arithmetic with the C library's functions; their last bits may differ from one make of CPU to
// another, so 44 bits are kept.
double BetaQuantile(double p) {
  using boost::math::policies::policy, boost::math::policies::promote_double;
  int exponent = 0;
  const double fraction = std::frexp(boost::math::ibeta_inv(0.6, 0.6, p, policy<promote_double<true>>()), &exponent);
  return std::ldexp(std::nearbyint(fraction * 0x1p44), exponent - 44);
}

}  // namespace

OptionTable<SigmaRules> SigmaRulesTable(bool with_lu) {
  std::vector<Field<SigmaRules>> fields = {
      Field("use_karras_sigmas", &SigmaRules::use_karras_sigmas)
          .Help("place sigma by arXiv 2206.00364, equation 5, with rho 7"),
      Field("use_exponential_sigmas", &SigmaRules::use_exponential_sigmas).Help("place log sigma at equal distances"),
      Field("use_beta_sigmas", &SigmaRules::use_beta_sigmas)
          .Help("place sigma at quantiles of Beta(0.6, 0.6) (arXiv 2407.12173)")};
  if (with_lu)
    fields.push_back(Field("use_lu_lambdas", &SigmaRules::use_lu_lambdas)
                         .Help("place -log sigma at equal distances (arXiv 2206.00927)"));
  OptionTable<SigmaRules> table("placement of sigma", std::move(fields));
  table.Rule([](const SigmaRules& o) {
    if (o.use_karras_sigmas + o.use_exponential_sigmas + o.use_beta_sigmas + o.use_lu_lambdas > 1)
      FailOption(
          o.use_karras_sigmas        ? "use_karras_sigmas"
          : o.use_exponential_sigmas ? "use_exponential_sigmas"
                                     : "use_beta_sigmas",
          "only one of use_karras_sigmas, use_exponential_sigmas, use_beta_sigmas and use_lu_lambdas can be true");
  });
  return table;
}

SigmaRule RuleOf(const SigmaRules& rules) {
  if (rules.use_karras_sigmas) return SigmaRule::kKarras;
  if (rules.use_exponential_sigmas) return SigmaRule::kExponential;
  if (rules.use_beta_sigmas) return SigmaRule::kBeta;
  return rules.use_lu_lambdas ? SigmaRule::kLu : SigmaRule::kTimesteps;
}

std::vector<float> SigmaTable(const std::vector<float>& alphas_cumprod) {
  std::vector<float> table;
  table.reserve(alphas_cumprod.size());
  for (float alpha_bar : alphas_cumprod) table.push_back(std::sqrt((1 - alpha_bar) / alpha_bar));
  return table;
}

double SigmaAt(const std::vector<float>& table, double t) {
  if (t <= 0) return table.front();
  const double last = static_cast<double>(table.size() - 1);
  if (t >= last) return table.back();
  const auto low = static_cast<size_t>(t);
  const double slope = static_cast<double>(table[low + 1]) - static_cast<double>(table[low]);
  return slope * (t - static_cast<double>(low)) + static_cast<double>(table[low]);
}

void CheckSigmaEnds(double sigma_min, double sigma_max) {
  if (sigma_min > sigma_max) FailOption("sigma_min", "{} is more than sigma_max, {}", sigma_min, sigma_max);
}

std::vector<double> PlaceSigmas(SigmaRule rule, double sigma_max, double sigma_min, int n) {
  constexpr double rho = 7;
  const double max_root = portable::Pow(sigma_max, 1 / rho), min_root = portable::Pow(sigma_min, 1 / rho);
  const bool exponential = rule == SigmaRule::kExponential;
  std::vector<double> sigmas =
      exponential ? Linspace(portable::Log(sigma_max), portable::Log(sigma_min), n) : Linspace(0, 1, n);
  for (double& s : sigmas)
    s = exponential                  ? portable::Exp(s)
        : rule == SigmaRule::kKarras ? portable::Pow(max_root + s * (min_root - max_root), rho)
                                     : sigma_min + BetaQuantile(1 - s) * (sigma_max - sigma_min);
  return sigmas;
}

SigmaToTimestep::SigmaToTimestep(const std::vector<float>& table) {
  log_sigmas_.reserve(table.size());
  for (float sigma : table) log_sigmas_.push_back(NumpyLog(sigma));
}

double SigmaToTimestep::operator()(double sigma) const {
  if (log_sigmas_.size() < 2) return 0;
  const double log_sigma = portable::Log(std::max(sigma, 1e-10));
  // The last entry that is not above log σ, the first if there is none. No binary search: the last σ of a schedule
  // rescaled to zero terminal SNR (that of ᾱ = 2^-24) can be smaller than the one before it.
  size_t low = log_sigmas_.size() - 1;
  while (low > 0 && log_sigmas_[low] > log_sigma) --low;
  low = std::min(low, log_sigmas_.size() - 2);
  const float low_log = log_sigmas_[low];
  const float gap = low_log - log_sigmas_[low + 1];  // in float32, as there
  const double w = std::clamp((low_log - log_sigma) / gap, 0.0, 1.0);
  return (1 - w) * static_cast<double>(low) + w * static_cast<double>(low + 1);
}

float NumpyLog(float x) {
  int exponent = 0;
  float m = std::frexp(x, &exponent);  // in [1/2, 1)
  m *= 2;
  --exponent;
  if (m > 1.41421356f) {
    m *= 0.5f;
    ++exponent;
  }
  m -= 1;
  // Padé approximation of log(1 + m), by Horner's rule with fused multiply-adds.
  static constexpr float kP[] = {0.0f,
                                 9.999999999999998702752e-01f,
                                 2.112677543073053063722e+00f,
                                 1.480000633576506585156e+00f,
                                 3.808837741388407920751e-01f,
                                 2.589979117907922693523e-02f};
  static constexpr float kQ[] = {1.0f,
                                 2.612677543073109236779e+00f,
                                 2.453006071784736363091e+00f,
                                 9.864942958519418960339e-01f,
                                 1.546476374983906719538e-01f,
                                 5.875095403124574342950e-03f};
  float p = kP[5];
  float q = kQ[5];
  for (int i = 4; i >= 0; --i) {
    p = std::fma(p, m, kP[i]);
    q = std::fma(q, m, kQ[i]);
  }
  return std::fma(static_cast<float>(exponent), 0.693147180559945309417f, p / q);
}

}  // namespace skipbench
