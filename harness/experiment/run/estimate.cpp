#include "harness/experiment/run/estimate.h"

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <chrono>
#include <cmath>

#include "harness/base/format.h"
#include "harness/base/progress.h"
#include "harness/runtime/device.h"

namespace skipbench {
namespace {

double Seconds(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// The first setting that runs here; there is always one.
const PlannedSetting& FirstSupported(const Plan& plan) {
  const auto found = std::ranges::find_if(plan.settings, &PlannedSetting::supported);
  return found == plan.settings.end() ? plan.settings.front() : *found;
}

}  // namespace

EvaluationRange CountEvaluations(const Plan& plan) {
  const auto n = static_cast<double>(plan.end - plan.begin);
  EvaluationRange range;
  for (const auto& setting : plan.settings)
    if (setting.supported) range.most += n * setting.scheduler->calls();
  for (const auto& tree : plan.trees) range.least += n * tree.scheduler->calls();
  range.least = std::min(range.least, range.most);
  return range;
}

double MeasureForward(const Plan& plan) {
  c10::InferenceMode inference;
  const PlannedSetting& setting = FirstSupported(plan);
  const auto denoiser = plan.Encode({plan.samples.data(), 1}, setting.guidance, false);
  std::vector<int64_t> shape = plan.pipeline->info().latent_shape;
  shape.insert(shape.begin(), 1);
  const int64_t row = 0;
  DenoiserInput input;
  input.sample = at::zeros(shape, at::TensorOptions().dtype(plan.config.model.dtype).device(plan.device));
  input.timestep = setting.scheduler->timestep(0);
  input.conditioning = {&row, 1};
  double best = HUGE_VAL;
  const auto begin = std::chrono::steady_clock::now();
  for (int repeat = 0; repeat < 4 && (repeat < 2 || Seconds(begin) < 1); ++repeat) {
    Synchronize(plan.device);
    const auto start = std::chrono::steady_clock::now();
    denoiser->Predict(input);
    Synchronize(plan.device);
    if (repeat > 0) best = std::min(best, Seconds(start));
  }
  return best;
}

std::string DescribeTime(const Plan& plan, double forward_s) {
  const auto [least, most] = CountEvaluations(plan);
  const std::string from = FormatDuration(least * forward_s), to = FormatDuration(most * forward_s);
  return fmt::format(
      "{} samples, {} settings: {} to {} network evaluations; at {} s each, measured for one sample alone, {}",
      plan.end - plan.begin, plan.settings.size(), Thousands(std::llround(least)), Thousands(std::llround(most)),
      Significant(forward_s, 3), from == to ? to : from + " to " + to);
}

}  // namespace skipbench
