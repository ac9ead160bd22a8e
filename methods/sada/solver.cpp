#include "methods/sada/solver.h"

#include <cmath>

#include "harness/base/error.h"

namespace skipbench::sada {
namespace {

constexpr double kShares[] = {0.625, 0.75, -0.375};  // of the last three increments in the extrapolation

Combination InputAt(int call) { return {{{call, 1}}, {}}; }

Combination Weighted(int input_call, double input, int output_call, double output) {
  return {{{input_call, input}}, {{output_call, output}}};
}

}  // namespace

Combination& Combination::Add(const Combination& other, double factor) {
  for (const auto& [call, weight] : other.inputs) inputs[call] += factor * weight;
  for (const auto& [call, weight] : other.outputs) outputs[call] += factor * weight;
  return *this;
}

Solver::Solver(const SadaOptions& options, const RunShape& run, const std::string& label)
    : run_(run), as_published_(options.as_published) {
  const auto levels = static_cast<size_t>(run.calls) + 1;
  if (run.alphas.size() != levels || run.sigmas.size() != levels || run.scales.size() != levels)
    FailUnsupported("{}: this scheduler does not say its noise levels", label);
  for (int call = 0; call < run.calls; ++call) scaled_ |= run.scales[call] != 1;
  const bool flow = run.prediction_type == "flow_prediction";
  if (flow)
    prediction_ = Prediction::kFlow;
  else if (run.prediction_type == "epsilon")
    prediction_ = Prediction::kEpsilon;
  else if (run.prediction_type == "v_prediction")
    prediction_ = Prediction::kVelocity;
  else if (run.prediction_type == "sample")
    prediction_ = Prediction::kSample;
  else
    FailUnsupported("{}: it needs to know what the network predicts, and this scheduler does not say it", label);
  if (options.variant == SadaOptions::Variant::kFlux && !flow)
    FailUnsupported("{}: the variant \"flux\" is for flow matching, this network predicts {}", label,
                    run.prediction_type);
  if (!as_published_) return;
  if (prediction_ != Prediction::kEpsilon && prediction_ != Prediction::kVelocity)
    FailUnsupported("{}: as published it is for epsilon and v_prediction, this network predicts {}", label,
                    run.prediction_type);
  // The source's file for Euler builds x0 of a velocity from the latent as it is, that for DPM-Solver++ does not.
  extrapolates_ = !(scaled_ && prediction_ == Prediction::kVelocity);
  ReadBetas(options, label);
}

void Solver::ReadBetas(const SadaOptions& options, const std::string& label) {
  const int train = options.num_train_timesteps;
  const bool roots = options.beta_schedule == "scaled_linear";
  const double from = roots ? std::sqrt(options.beta_start) : options.beta_start,
               to = roots ? std::sqrt(options.beta_end) : options.beta_end;
  std::vector<double> betas, alpha_bars;
  double alpha_bar = 1;
  for (int t = 0; t < train; ++t) {
    const double line = from + (to - from) * t / (train - 1);
    betas.push_back(roots ? line * line : line);
    alpha_bars.push_back(alpha_bar *= 1 - betas.back());
  }
  for (int call = 0; call < run_.calls; ++call) {
    const auto t = static_cast<int>(run_.timesteps[call]);
    if (t < 0 || t >= train)
      Fail("{}: num_train_timesteps: call {} is at timestep {}, expected less than {}", label, call,
           run_.timesteps[call], train);
    const double alpha = std::sqrt(alpha_bars[t]);
    // Levels that are placed by a rule of sigma lie between timesteps.
    if (std::abs(alpha - run_.alphas[call]) > 0.02)
      Fail("{}: beta_schedule: with {} from {} to {} alpha is {:.4f} at timestep {}, the scheduler has {:.4f}", label,
           options.beta_schedule, options.beta_start, options.beta_end, alpha, t, run_.alphas[call]);
    betas_.push_back(betas[t]);
  }
}

Combination Solver::Increment(int call, int output) const {
  const double alpha = run_.alphas[call], sigma = run_.sigmas[call];
  if (as_published_) {
    // -beta/2 (x - e/sigma) N times 1/N backwards in time; of a velocity the source has the second term only.
    const double half = betas_[call] / 2;
    if (prediction_ == Prediction::kVelocity) return Weighted(call, 0, output, -half * alpha / sigma);
    return Weighted(call, half, output, -half / sigma);
  }
  const double next_alpha = run_.alphas[call + 1], next_sigma = run_.sigmas[call + 1];
  if (prediction_ == Prediction::kFlow) return Weighted(call, 0, output, next_sigma - sigma);
  // DDIM's step, which has the linear part of the ODE exactly: (a'/a - 1) x + (s' - s a'/a) e.
  const double of_input = next_alpha / alpha - 1, of_noise = next_sigma - sigma * next_alpha / alpha;
  switch (prediction_) {
    case Prediction::kVelocity: return Weighted(call, of_input + of_noise * sigma, output, of_noise * alpha);
    case Prediction::kSample: return Weighted(call, of_input + of_noise / sigma, output, -of_noise * alpha / sigma);
    default: return Weighted(call, of_input, output, of_noise);
  }
}

Combination Solver::Extrapolated(int call, const int (&last)[3]) const {
  Combination sum = InputAt(call);
  for (int q = 0; q < 3; ++q) sum.Add(Increment(call - q, last[q]), kShares[q]);
  return sum;
}

// The drift runs forward in time, increments run backward.
Combination Solver::Curvature(int call, const int (&last)[3]) const {
  Combination sum;
  for (int q = 0; q < 3; ++q) sum.Add(Increment(call - q, last[q]), q == 1 ? 2 : -1);
  return sum;
}

Combination Solver::X0(int call, const Combination& input, int output) const {
  const double alpha = run_.alphas[call], sigma = run_.sigmas[call];
  Combination x0;
  switch (prediction_) {
    case Prediction::kEpsilon: x0.Add(input, 1 / alpha).outputs[output] -= sigma / alpha; break;
    case Prediction::kVelocity: x0.Add(input, alpha).outputs[output] -= sigma; break;
    case Prediction::kFlow: x0.Add(input, 1).outputs[output] -= sigma; break;
    case Prediction::kSample: x0.outputs[output] += 1; break;
  }
  return x0;
}

Combination Solver::Lagrange(int call, const std::vector<int>& points) const {
  Combination sum;
  for (const int point : points) {
    double weight = 1;
    for (const int other : points)
      if (other != point) weight *= static_cast<double>(call - other) / (point - other);
    // The source's file for Euler interpolates x0/alpha.
    if (as_published_ && scaled_) weight *= run_.alphas[call] / run_.alphas[point];
    sum.Add(X0(point, InputAt(point), point), weight);
  }
  return sum;
}

Combination Solver::OutputOf(int call, const Combination& x0) const {
  const double alpha = run_.alphas[call], sigma = run_.sigmas[call];
  Combination output;
  switch (prediction_) {
    case Prediction::kEpsilon: output.Add(InputAt(call), 1 / sigma).Add(x0, -alpha / sigma); break;
    case Prediction::kVelocity: output.Add(InputAt(call), alpha / sigma).Add(x0, -1 / sigma); break;
    case Prediction::kFlow: output.Add(InputAt(call), 1 / sigma).Add(x0, -1 / sigma); break;
    case Prediction::kSample: output.Add(x0, 1); break;
  }
  return output;
}

}  // namespace skipbench::sada
