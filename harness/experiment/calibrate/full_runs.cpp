#include "harness/experiment/calibrate/full_runs.h"

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>

#include "harness/base/error.h"
#include "harness/schedulers/catalog.h"

namespace skipbench {

const PlannedSetting& OnlyFullRun(const Plan& plan) {
  if (plan.config.runs.size() > 1) {
    std::string labels;
    for (const auto& run : plan.config.runs) labels += (labels.empty() ? "" : "; ") + run.label;
    Fail("{}: what is measured belongs to one scheduler, number of steps and guidance; the config has {}: {}",
         plan.config.file.string(), plan.config.runs.size(), labels);
  }
  const auto full = std::ranges::find_if(plan.settings, [](const auto& setting) { return setting.spec->reference; });
  if (full == plan.settings.end()) Fail("{}: methods: there is no full_step", plan.config.file.string());
  return *full;
}

void VisitFullRuns(const Plan& plan, const PlannedSetting& full, int64_t samples, const std::vector<CacheSite>& keep,
                   const std::function<void(const FullCall&)>& visit) {
  c10::InferenceMode inference;
  samples = std::min<int64_t>(samples, std::ssize(plan.samples));
  const auto denoiser = plan.Encode({plan.samples.data(), static_cast<size_t>(samples)}, full.guidance);
  const Scheduler& scheduler = *full.scheduler;
  for (int64_t sample = 0; sample < samples; ++sample) {
    const auto noise = plan.OpenNoise(sample);
    const auto draw = [&](int k) { return noise->Draw(k).unsqueeze(0).to(plan.device); };
    at::Tensor x = (draw(0) * scheduler.init_noise_sigma()).to(plan.config.model.dtype);
    SchedulerState state;
    for (int call = 0; call < scheduler.calls(); ++call) {
      const DenoiserInput input{.sample = scheduler.ScaleModelInput(x, call),
                                .timestep = scheduler.timestep(call),
                                .conditioning = {&sample, 1},
                                .keep = keep,
                                .site = {},
                                .cached = {},
                                .from_rows = {}};
      const DenoiserOutput output = denoiser->Predict(input);
      visit({sample, call, *denoiser, input, output});
      const at::Tensor step_noise = scheduler.UsesNoise(call) ? draw(call + 1) : at::Tensor();
      StepResult step = scheduler.Step(x, denoiser->Guide(output.model_output), call, state, step_noise);
      x = std::move(step.sample);
      state = std::move(step.state);
      if (!at::isfinite(x).all().item<bool>())
        Fail("sample {}: the latent after call {} is not finite", plan.samples[static_cast<size_t>(sample)].id, call);
    }
  }
}

Json DescribeFullRun(const Plan& plan, const PlannedSetting& full, int64_t samples) {
  const auto& info = plan.pipeline->info();
  Json options = Json::object();
  for (const auto& option : BuildScheduler(full.scheduler->type(), info.scheduler_config,
                                           plan.config.runs[static_cast<size_t>(full.spec->run)].scheduler_options,
                                           full.scheduler->steps(), info.scheduler_file)
                                .options)
    options[option.key] = option.value;
  return {{"model", plan.model_key},
          {"steps", full.scheduler->steps()},
          {"calls", full.scheduler->calls()},
          {"scheduler", full.scheduler->type()},
          {"shift", options.contains("shift") ? options["shift"] : Json()},
          {"scheduler_options", std::move(options)},
          {"guidance", full.guidance},
          {"samples", std::min<int64_t>(samples, std::ssize(plan.samples))}};
}

}  // namespace skipbench
