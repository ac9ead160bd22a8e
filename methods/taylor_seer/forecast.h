// Forecasts of what a network would give at a call from what it gave at the calls that computed it. All of them are
// weighted sums whose weights depend on call numbers alone.
#pragma once

#include <memory>
#include <vector>

#include "harness/base/options.h"
#include "harness/sampling/method.h"

namespace skipbench {

struct ForecastOptions {
  enum class Kind { kTaylor, kHiCache, kFoCa, kSpectrum };
  Kind forecast = Kind::kTaylor;
  int max_order = 1;            // taylor, hicache: of the differences
  double sigma = 0.5;           // hicache: contraction of the Hermite polynomials
  double max_horizon = 3;       // foca: calls beyond which the forecast falls back to what was computed
  double w = 1, lam = 0.1;      // spectrum: share of the fit, ridge
  int m = 4, taylor_order = 1;  // spectrum: degree of the fit, order of the local forecast
};

// The state of one trajectory: numbers only. Copies go their own ways.
class Forecaster {
 public:
  virtual ~Forecaster() = default;
  // `call` was computed.
  virtual void Computed(int call) = 0;
  // Weights of what was computed, newest first, for `call`, which is not computed; asked once for each such call, in
  // order. One call at least was computed before.
  virtual std::vector<double> Forecast(int call) = 0;
  // The same as the source's code rounds it; empty where it is as well by weights. Asked in the place of Forecast.
  virtual std::vector<RoundedSum> RoundedForecast(int call) { return {}; }
  virtual std::unique_ptr<Forecaster> Clone() const = 0;
};

// The numbers of a source's code.
struct PublishedForecast {
  bool as_published = false;
  int first_difference = 0;  // taylor, hicache: calls before it make no differences; the paper's repository waits for
                             // the last of its first full steps
  bool bfloat16_factors = false;      // taylor: differences are kept in bfloat16, as diffusers' hook does
  at::ScalarType dtype = at::kFloat;  // of what is forecast
};

// `calls`: of the run.
std::unique_ptr<Forecaster> MakeForecaster(const ForecastOptions& options, int calls,
                                           const PublishedForecast& published = {});

OptionTable<ForecastOptions> ForecastTable();
std::string ForecastLabel(const ForecastOptions& options);

// The physicists' Hermite polynomial H_n(x).
double Hermite(int n, double x);

}  // namespace skipbench
