// MagCache's ratios, against those of the calibration mode of diffusers' hook on the same trajectories.
#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include "harness/experiment/calibrate/residual_ratios.h"
#include "tests/fixtures_dit/dit_run.h"

namespace skipbench {
namespace {

using testing::DitCase;

class DitResidualRatios : public testing::DitTest {};

TEST_P(DitResidualRatios, EqualTheHooks) {
  const c10::InferenceMode inference;
  const DitCase& c = GetParam();
  testing::DitRun run(c);
  const Scheduler& scheduler = run.scheduler();
  const TreeSample& sample = run.samples().at(0);
  const CacheSite blocks{CacheSite::Level::kCut, 0, 0};
  ResidualRatios ratios(scheduler.calls());
  at::Tensor x = sample.noise->Draw(0).unsqueeze(0) * scheduler.init_noise_sigma();
  SchedulerState state;
  const int64_t conditioning = std::max<int64_t>(sample.conditioning, 0);
  for (int call = 0; call < scheduler.calls(); ++call) {
    DenoiserInput input;
    input.sample = scheduler.ScaleModelInput(x, call);
    input.timestep = scheduler.timestep(call);
    input.conditioning = {&conditioning, 1};
    input.keep = {blocks};
    const DenoiserOutput output = run.denoiser().Predict(input);
    ratios.Add(call, output.kept.at(blocks));
    StepResult step = scheduler.Step(x, run.denoiser().Guide(output.model_output), call, state, at::Tensor());
    x = step.sample, state = step.state;
  }
  const auto found = ratios.Means();
  const Json& expected = c.json.at("parameters").at("ratios_per_context");
  // A list for each pass, conditional first; of a batch of both halves, their mean.
  const bool apart = expected.size() == 2;
  for (int call = 0; call < scheduler.calls(); ++call) {
    const auto k = static_cast<size_t>(call);
    double mean = 0;
    for (const auto& row : found) mean += row[k] / static_cast<double>(found.size());
    EXPECT_NEAR(apart ? found.back()[k] : mean, expected[0][k].get<double>(), 2e-5) << call;
    if (apart) {
      EXPECT_NEAR(found.front()[k], expected[1][k].get<double>(), 2e-5) << call;
    }
  }
}

DIT_CASES(DitResidualRatios, "trajectory", [](const DitCase& c) { return c.json.at("method") == "magcache"; });

}  // namespace
}  // namespace skipbench
