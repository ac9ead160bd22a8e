#include "harness/sampling/reference_loop.h"

#include <ATen/ATen.h>

namespace skipbench {
namespace {

// The sums of what stands at the end of `series`, by the definitions of DifferenceSums; `first` is where the series
// starts to count.
DifferenceSums SumsOf(const std::vector<at::Tensor>& series, size_t first, int order) {
  static const std::vector<std::vector<double>> weights = {{1, -1}, {1, -2, 1}, {1, -3, 3, -1}};
  DifferenceSums sums;
  if (order == 0) return sums;
  const size_t known = series.size() - first;
  const auto past = [&](size_t i) { return series[series.size() - 1 - i].to(at::kDouble); };
  for (int k = 0; k < order && known > static_cast<size_t>(k) + 1; ++k) {
    at::Tensor difference = at::zeros_like(past(0));
    for (size_t i = 0; i < weights[k].size(); ++i) difference += weights[k][i] * past(i);
    sums.abs[k] = difference.abs().sum().item<double>();
    sums.square[k] = difference.square().sum().item<double>();
  }
  sums.self_abs = past(0).abs().sum().item<double>();
  sums.self_square = past(0).square().sum().item<double>();
  return sums;
}

}  // namespace

TrajectoryRecord RunReferenceLoop(const Scheduler& scheduler, Denoiser& denoiser, const TreeSample& sample,
                                  int64_t conditioning, const Method& method, at::ScalarType dtype, at::Device device) {
  const RunShape run = ShapeOf(scheduler, denoiser.cache_positions());
  const Needs needs = method.Observes();
  const std::unique_ptr<Policy> policy = method.StartFor(run, sample.id);
  const auto draw = [&](int k) { return sample.noise->Draw(k).unsqueeze(0).to(device); };
  at::Tensor x = (draw(0) * scheduler.init_noise_sigma()).to(dtype);
  SchedulerState state;
  DenoiserOutput output;
  TrajectoryRecord record;
  std::vector<at::Tensor> guided;
  record.latents.push_back(x[0]);
  for (int call = 0; call < run.calls; ++call) {
    const Decision decision = policy->Decide(call);
    DenoiserInput input{scheduler.ScaleModelInput(x, call), scheduler.timestep(call), {&conditioning, 1}};
    if (decision.action == Action::kPredict) {
      input.keep = method.CachePositions(run);
      output = denoiser.Predict(input);
    } else if (decision.action == Action::kShallow) {
      input.shallow = true;
      input.cache_position = decision.cache_position;
      input.features = output.features.at(decision.cache_position);
      output.model_output = denoiser.Predict(input).model_output;
    }
    guided.push_back(denoiser.Guide(output.model_output));
    StepResult step =
        scheduler.Step(x, guided.back(), call, state, scheduler.UsesNoise(call) ? draw(call + 1) : at::Tensor());
    x = step.sample, state = step.state;
    record.decisions.push_back(decision);
    record.latents.push_back(x[0]);
    record.predictions.push_back(output.model_output.select(1, 0));
    policy->Observe(call, {decision.action, x.numel(), SumsOf(record.latents, 1, needs.latent_order),
                           SumsOf(guided, 0, needs.prediction_order)});
  }
  record.final_latent = x[0];
  record.trace = policy->TakeTrace();
  return record;
}

}  // namespace skipbench
