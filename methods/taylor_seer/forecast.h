// Forecasts of what a network would give at a call from what it gave at the calls that computed it. All of them are
// weighted sums whose weights depend on call numbers alone.
#pragma once

#include <memory>
#include <vector>

#include "harness/base/options.h"

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
  virtual std::unique_ptr<Forecaster> Clone() const = 0;
};

// `calls`: of the run. `first_difference`: calls before it make no differences (taylor, hicache: the paper's repository
// waits for the last of its first full steps). `as_published`: the numbers of the source's code, README.md.
std::unique_ptr<Forecaster> MakeForecaster(const ForecastOptions& options, int calls, int first_difference = 0,
                                           bool as_published = false);

OptionTable<ForecastOptions> ForecastTable();
std::string ForecastLabel(const ForecastOptions& options);

// The physicists' Hermite polynomial H_n(x).
double Hermite(int n, double x);

}  // namespace skipbench
