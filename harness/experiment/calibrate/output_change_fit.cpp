#include "harness/experiment/calibrate/output_change_fit.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "harness/base/error.h"

namespace skipbench {
namespace {

double RelativeChange(const at::Tensor& now, const at::Tensor& before) {
  const at::Tensor a = now.to(at::kDouble), b = before.to(at::kDouble);
  return ((a - b).abs().mean() / b.abs().mean()).item<double>();
}

double Evaluate(const std::vector<double>& coefficients, double x) {
  double value = 0;
  for (const double coefficient : coefficients) value = value * x + coefficient;
  return value;
}

}  // namespace

std::vector<double> FitPolynomial(const std::vector<double>& x, const std::vector<double>& y, int order) {
  const auto options = at::TensorOptions(at::kDouble);
  const auto points = static_cast<int64_t>(x.size());
  const at::Tensor at_x = at::from_blob(const_cast<double*>(x.data()), {points}, options);
  const at::Tensor at_y = at::from_blob(const_cast<double*>(y.data()), {points, 1}, options);
  std::vector<at::Tensor> columns;
  for (int power = order; power >= 0; --power) columns.push_back(at_x.pow(power));
  const at::Tensor powers = at::stack(columns, 1);
  // Columns of equal length: powers of small numbers are far apart.
  const at::Tensor lengths = at::linalg_vector_norm(powers, 2, {0}).clamp_min(1e-300);
  const at::Tensor solution =
      std::get<0>(at::linalg_lstsq(powers / lengths, at_y, std::nullopt, "gelsd")).squeeze(1) / lengths;
  return {solution.data_ptr<double>(), solution.data_ptr<double>() + order + 1};
}

std::vector<OutputChangeFit> FitOutputChange(
    const Plan& plan, int64_t samples, int order,
    const std::function<void(double share, const std::string& what)>& progress) {
  using Signal = ProbeSite::Signal;
  const PlannedSetting& full = OnlyFullRun(plan);
  const std::string file = plan.config.file.string();
  std::vector<Signal> signals;
  const NetworkAbilities abilities = plan.pipeline->abilities();
  for (const Signal signal : {Signal::kModulatedInput, Signal::kTimeEmbedding, Signal::kTimeProjection})
    if (abilities.signals.contains(signal)) signals.push_back(signal);
  if (signals.empty()) FailUnsupported("{}: the model's network shows no signal before its blocks", file);
  samples = std::min<int64_t>(samples, std::ssize(plan.samples));
  const int calls = full.scheduler->calls();
  if (samples * (calls - 1) <= order)
    Fail("{}: {} samples of {} calls are too few points for {} coefficients", file, samples, calls, order + 1);
  std::map<Signal, at::Tensor> before;
  std::map<Signal, std::vector<double>> changes;
  std::vector<double> output_changes;
  at::Tensor output;
  VisitFullRuns(plan, full, samples, {}, [&](const FullCall& seen) {
    for (const Signal signal : signals) {
      const at::Tensor now = seen.denoiser.Probe(seen.input, {.signal = signal})->signal;
      if (seen.call > 0) changes[signal].push_back(RelativeChange(now, before[signal]));
      before[signal] = now;
    }
    if (seen.call > 0) output_changes.push_back(RelativeChange(seen.output.model_output, output));
    output = seen.output.model_output;
    if (progress)
      progress(static_cast<double>(seen.sample * calls + seen.call + 1) / static_cast<double>(samples * calls),
               "full runs");
  });
  std::vector<OutputChangeFit> fits;
  for (const Signal signal : signals) {
    const auto& x = changes[signal];
    OutputChangeFit fit{.signal = signal, .coefficients = FitPolynomial(x, output_changes, order)};
    std::tie(fit.least, fit.most) = std::pair(*std::ranges::min_element(x), *std::ranges::max_element(x));
    for (size_t k = 0; k < x.size(); ++k)
      fit.error += std::pow(Evaluate(fit.coefficients, x[k]) - output_changes[k], 2) / static_cast<double>(x.size());
    fit.error = std::sqrt(fit.error);
    fit.points = std::ssize(x);
    fits.push_back(std::move(fit));
  }
  return fits;
}

}  // namespace skipbench
