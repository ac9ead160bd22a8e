#include "methods/taylor_seer/forecast.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>

#include "methods/taylor_seer/rounded_forecast.h"

namespace skipbench {
namespace {

using Kind = ForecastOptions::Kind;
using Weights = std::vector<double>;  // over what was computed, newest first

void AddTo(Weights* sum, const Weights& term, double factor) {
  if (sum->size() < term.size()) sum->resize(term.size());
  for (size_t k = 0; k < term.size(); ++k) (*sum)[k] += factor * term[k];
}

// The same sum once one more call was computed.
void MakeOlder(Weights* weights) {
  if (!weights->empty()) weights->insert(weights->begin(), 0);
}

Weights Trimmed(Weights weights) {
  while (weights.size() > 1 && weights.back() == 0) weights.pop_back();
  return weights;
}

// TaylorSeer: sum_j D_j k^j/j!, k calls behind the last computed one; D_0 = f, D_{j+1} = (D_j - the D_j
// before)/distance. HiCache has other polynomials in place of k^j.
class DifferenceForecaster : public Forecaster {
 public:
  DifferenceForecaster(const ForecastOptions& options, const PublishedForecast& published)
      : options_(options), published_(published), first_difference_(published.first_difference) {}

  void Computed(int call) override {
    computed_.insert(computed_.begin(), call);
    if (std::ssize(computed_) > options_.max_order + 1) computed_.pop_back();
    std::vector<Weights> made = {{1}};
    for (Weights& old : differences_) MakeOlder(&old);
    for (int j = 0; j < options_.max_order && call >= first_difference_; ++j) {
      if (j >= static_cast<int>(differences_.size())) break;
      Weights next = made[j];
      AddTo(&next, differences_[j], -1);
      for (double& weight : next) weight /= call - last_;
      made.push_back(std::move(next));
    }
    differences_ = std::move(made);
    last_ = call;
  }

  Weights Forecast(int call) override {
    Weights sum;
    double factorial = 1;
    for (size_t j = 0; j < differences_.size(); ++j) {
      if (j > 0) factorial *= static_cast<double>(j);
      AddTo(&sum, differences_[j], Basis(static_cast<int>(j), call - last_) / factorial);
    }
    return Trimmed(std::move(sum));
  }

  std::vector<RoundedSum> RoundedForecast(int call) override {
    if (options_.forecast != Kind::kTaylor) return {};
    if (published_.bfloat16_factors)
      return TaylorSums(computed_, call, options_.max_order, first_difference_, TaylorRounding::kFactors);
    if (!published_.as_published || !at::isReducedFloatingType(published_.dtype)) return {};
    return TaylorSums(computed_, call, options_.max_order, first_difference_, TaylorRounding::kValueType);
  }

  std::unique_ptr<Forecaster> Clone() const override { return std::make_unique<DifferenceForecaster>(*this); }

 private:
  double Basis(int j, double k) const {
    const bool taylor = options_.forecast == Kind::kTaylor;
    double power = 1;
    for (int i = 0; i < j; ++i) power *= taylor ? k : options_.sigma;
    return taylor ? power : power * Hermite(j, options_.sigma * k);
  }

  ForecastOptions options_;
  PublishedForecast published_;
  int first_difference_, last_ = 0;
  std::vector<int> computed_;  // newest first
  std::vector<Weights> differences_;
};

// FoCa: from the last computed value along the mean of two slopes, that of the last two computed values and that of the
// last two values, forecast or computed.
class FoCaForecaster : public Forecaster {
 public:
  FoCaForecaster(double max_horizon, bool unit_distances) : max_horizon_(max_horizon), unit_(unit_distances) {}

  void Computed(int call) override {
    for (Point* point : {&full_, &full_before_, &value_, &value_before_}) MakeOlder(&point->weights);
    full_before_ = full_;
    value_before_ = value_;
    full_ = value_ = {call, {1}};
  }

  Weights Forecast(int call) override {
    if (full_before_.weights.empty()) return full_.weights;
    const double elapsed = call - full_.call, horizon = std::min(elapsed, max_horizon_);
    // Beyond the horizon: the forecast for the horizon, the less of it the farther it is.
    const double step = horizon / 2 * (horizon / elapsed);
    Point next = {call, full_.weights};
    AddSlope(&next.weights, full_, full_before_, step);
    AddSlope(&next.weights, value_, value_before_, step);
    value_before_ = std::move(value_);
    value_ = next;
    return Trimmed(std::move(next.weights));
  }

  std::unique_ptr<Forecaster> Clone() const override { return std::make_unique<FoCaForecaster>(*this); }

 private:
  struct Point {
    int call = 0;
    Weights weights = {};
  };

  void AddSlope(Weights* sum, const Point& to, const Point& from, double step) const {
    const double slope = unit_ ? step : step / (to.call - from.call);
    AddTo(sum, to.weights, slope);
    AddTo(sum, from.weights, -slope);
  }

  double max_horizon_;
  bool unit_;
  Point full_, full_before_, value_, value_before_;  // the last two computed; the last two of all
};

// To the nearest bfloat16, ties to even.
double ToBFloat16(double x) {
  const auto bits = std::bit_cast<uint32_t>(static_cast<float>(x));
  return std::bit_cast<float>((bits + 0x7fff + ((bits >> 16) & 1)) & 0xffff0000u);
}

// Spectrum: ridge regression of all that was computed on the Chebyshev polynomials T_0..T_m of time, mixed with
// Newton's forecast from the last few.
class SpectrumForecaster : public Forecaster {
 public:
  SpectrumForecaster(const ForecastOptions& options, int calls, const PublishedForecast& published)
      : options_(options),
        as_published_(published.as_published),
        bfloat16_(published.dtype == at::kBFloat16),
        span_(published.as_published ? 50 : std::max(calls - 1, 1)) {}

  void Computed(int call) override {
    computed_.push_back(call);
    if (as_published_ && computed_.size() > 100) computed_.erase(computed_.begin());
  }

  Weights Forecast(int call) override {
    Weights sum;
    if (options_.w != 0) AddTo(&sum, Fit(call), options_.w);
    if (options_.w != 1) AddTo(&sum, Local(call), 1 - options_.w);
    return Trimmed(std::move(sum));
  }

  std::vector<RoundedSum> RoundedForecast(int call) override {
    if (!as_published_) return {};
    std::vector<std::vector<double>> fit(static_cast<size_t>(options_.m) + 1);
    for (auto row = computed_.rbegin(); row != computed_.rend(); ++row) {
      const std::vector<double> solution = Solve(Normal(), Design(*row));
      for (size_t j = 0; j < fit.size(); ++j) fit[j].push_back(solution[j]);
    }
    const size_t n = computed_.size(), order = std::min<size_t>(n - 1, static_cast<size_t>(options_.taylor_order));
    const double k = n < 2 ? 0 : Elapsed(call);
    return SpectrumSums(fit, Design(call), options_.w, k, static_cast<int>(order), bfloat16_);
  }

  std::unique_ptr<Forecaster> Clone() const override { return std::make_unique<SpectrumForecaster>(*this); }

 private:
  double Round(double x) const { return as_published_ ? ToBFloat16(x) : x; }

  // T_0..T_m at a call.
  std::vector<double> Design(int call) const {
    const double tau = Round(Round(Round(call) - span_ / 2) * 2 / span_);
    std::vector<double> row = {1, tau};
    while (static_cast<int>(row.size()) <= options_.m)
      row.push_back(Round(Round(2 * tau * row.back()) - row[row.size() - 2]));
    row.resize(options_.m + 1);
    return row;
  }

  // x (X^T X + lam I)^-1 X^T, newest first.
  Weights Fit(int call) const {
    const std::vector<double> solution = Solve(Normal(), Design(call));
    Weights weights;
    for (auto computed = computed_.rbegin(); computed != computed_.rend(); ++computed) {
      const std::vector<double> row = Design(*computed);
      double weight = 0;
      for (size_t i = 0; i < row.size(); ++i) weight += row[i] * solution[i];
      weights.push_back(weight);
    }
    return weights;
  }

  // X^T X + lam I.
  std::vector<std::vector<double>> Normal() const {
    const size_t p = static_cast<size_t>(options_.m) + 1;
    std::vector<std::vector<double>> rows, a(p, std::vector<double>(p));
    for (const int computed : computed_) rows.push_back(Design(computed));
    for (size_t i = 0; i < p; ++i) {
      a[i][i] = options_.lam;
      for (size_t j = 0; j < p; ++j)
        for (const auto& row : rows) a[i][j] += row[i] * row[j];
    }
    return a;
  }

  // Calls since the last computed one, in units of the distance of the last two.
  double Elapsed(int call) const {
    const size_t last = computed_.size() - 1;
    return Round(static_cast<double>(call - computed_[last]) / (computed_[last] - computed_[last - 1]));
  }

  // a x = b with a symmetric and positive definite, by Cholesky's factors.
  static std::vector<double> Solve(std::vector<std::vector<double>> a, std::vector<double> b) {
    const size_t n = b.size();
    for (size_t i = 0; i < n; ++i) {
      for (size_t j = 0; j <= i; ++j) {
        double sum = a[i][j];
        for (size_t k = 0; k < j; ++k) sum -= a[i][k] * a[j][k];
        a[i][j] = i == j ? std::sqrt(sum) : sum / a[j][j];
      }
      for (size_t k = 0; k < i; ++k) b[i] -= a[i][k] * b[k];
      b[i] /= a[i][i];
    }
    for (size_t i = n; i-- > 0;) {
      for (size_t k = i + 1; k < n; ++k) b[i] -= a[k][i] * b[k];
      b[i] /= a[i][i];
    }
    return b;
  }

  // The polynomial through the last few.
  Weights Local(int call) const {
    const size_t n = std::min(computed_.size(), static_cast<size_t>(options_.taylor_order) + 1);
    if (as_published_) return PublishedLocal(call, n);
    Weights weights;
    for (size_t i = 0; i < n; ++i) {
      const int at = computed_[computed_.size() - 1 - i];
      double weight = 1;
      for (size_t j = 0; j < n; ++j)
        if (const int other = computed_[computed_.size() - 1 - j]; j != i)
          weight *= static_cast<double>(call - other) / (at - other);
      weights.push_back(weight);
    }
    return weights;
  }

  // sum_j C(k, j) (j-th difference), k in units of the last distance, as if all of the n were that far apart; a
  // forecast would take C(k + j - 1, j).
  Weights PublishedLocal(int call, size_t n) const {
    if (n < 2) return {1};
    const double k = Elapsed(call);
    Weights sum = {1};
    double binomial = 1;
    for (int j = 1; j < static_cast<int>(n); ++j) {
      binomial *= (k - (j - 1)) / j;
      Weights difference = {1};
      for (int i = 1; i <= j; ++i) difference.push_back(-difference.back() * (j - i + 1) / i);
      AddTo(&sum, difference, binomial);
    }
    return sum;
  }

  ForecastOptions options_;
  bool as_published_, bfloat16_;
  double span_;  // time runs over [0, span]
  std::vector<int> computed_;
};

}  // namespace

std::unique_ptr<Forecaster> MakeForecaster(const ForecastOptions& options, int calls,
                                           const PublishedForecast& published) {
  switch (options.forecast) {
    case Kind::kTaylor:
    case Kind::kHiCache: return std::make_unique<DifferenceForecaster>(options, published);
    case Kind::kFoCa: return std::make_unique<FoCaForecaster>(options.max_horizon, published.as_published);
    case Kind::kSpectrum: return std::make_unique<SpectrumForecaster>(options, calls, published);
  }
  return nullptr;
}

OptionTable<ForecastOptions> ForecastTable() {
  using Options = ForecastOptions;
  const auto differences = [](const Options& o) { return o.forecast == Kind::kTaylor || o.forecast == Kind::kHiCache; };
  const auto is = [](Kind kind) { return [kind](const Options& o) { return o.forecast == kind; }; };
  const char* spectrum = "only the forecast \"spectrum\" has it";
  return OptionTable<Options>(
      "forecast",
      {Field("forecast", &Options::forecast)
           .Names<Kind>({{"taylor", Kind::kTaylor},
                         {"hicache", Kind::kHiCache},
                         {"foca", Kind::kFoCa},
                         {"spectrum", Kind::kSpectrum}})
           .Help("how the calls between are made of what was computed"),
       Field("max_order", &Options::max_order)
           .Min(0)
           .Max(8)
           .When(differences, "only the forecasts \"taylor\" and \"hicache\" have it")
           .Help("highest order of the differences; 0: the last again"),
       Field("sigma", &Options::sigma)
           .Min(1e-6)
           .Max(1)
           .When(is(Kind::kHiCache), "only the forecast \"hicache\" has it")
           .Help("contraction of HiCache's Hermite polynomials"),
       Field("max_horizon", &Options::max_horizon)
           .Min(0)
           .Max(1000)
           .When(is(Kind::kFoCa), "only the forecast \"foca\" has it")
           .Help("calls behind the last computed one from which on FoCa goes back towards it"),
       Field("w", &Options::w)
           .Min(0)
           .Max(1)
           .When(is(Kind::kSpectrum), spectrum)
           .Help("share of Spectrum's fit; the rest is its local forecast"),
       Field("lam", &Options::lam).Min(1e-9).Max(1e6).When(is(Kind::kSpectrum), spectrum).Help("Spectrum's ridge"),
       Field("m", &Options::m)
           .Min(0)
           .Max(16)
           .When(is(Kind::kSpectrum), spectrum)
           .Help("highest degree of Spectrum's Chebyshev polynomials"),
       Field("taylor_order", &Options::taylor_order)
           .Min(1)
           .Max(3)
           .When([](const Options& o) { return o.forecast == Kind::kSpectrum && o.w != 1; },
                 "only the forecast \"spectrum\" with w below 1 has it")
           .Help("order of Spectrum's local forecast")});
}

std::string ForecastLabel(const ForecastOptions& o) {
  switch (o.forecast) {
    case Kind::kTaylor: return fmt::format("forecast=taylor,max_order={}", o.max_order);
    case Kind::kHiCache: return fmt::format("forecast=hicache,max_order={},sigma={}", o.max_order, o.sigma);
    case Kind::kFoCa: return fmt::format("forecast=foca,max_horizon={}", o.max_horizon);
    case Kind::kSpectrum:
      return fmt::format("forecast=spectrum,w={},lam={},m={}{}", o.w, o.lam, o.m,
                         o.w == 1 ? "" : fmt::format(",taylor_order={}", o.taylor_order));
  }
  return "";
}

double Hermite(int n, double x) {
  double before = 0, value = 1;
  for (int k = 0; k < n; ++k) {
    const double next = 2 * x * value - 2 * k * before;
    before = value;
    value = next;
  }
  return value;
}

}  // namespace skipbench
