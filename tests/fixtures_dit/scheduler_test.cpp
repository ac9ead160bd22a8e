// The schedulers of transformers against diffusers, with a closed-form "network": timesteps, noise levels, where noise
// is used, and samples after every call.
#include <ATen/ATen.h>

#include <set>

#include "harness/schedulers/catalog.h"
#include "harness/schedulers/dpm_solver_multistep.h"
#include "harness/schedulers/flow_match_euler.h"
#include "harness/schedulers/unipc_schedule.h"
#include "tests/fixtures_dit/dit_cases.h"

namespace skipbench {
namespace {

using testing::DitCase;

class DitSchedulers : public testing::DitTest {
 protected:
  // With the constructor's arguments that were `given`, or with all of the `config`.
  std::shared_ptr<const Scheduler> Make(const char* which) const {
    const Json& c = GetParam().json;
    Json overrides = Json::object();
    if (!c.at("mu").is_null()) overrides["mu"] = c.at("mu");
    if (!c.at("given_sigmas").is_null()) {
      EXPECT_EQ(c.at("given_sigmas"), "ramp");
      overrides["sigma_ramp"] = true;
    }
    return MakeScheduler(c.at("scheduler"), c.at(which), overrides, c.at("steps"), GetParam().name());
  }

  template <typename Options>
  Options Known(const OptionTable<Options>& table) const {
    Json options = GetParam().json.at("given");
    if (!GetParam().json.at("mu").is_null()) options["mu"] = GetParam().json.at("mu");
    if (!GetParam().json.at("given_sigmas").is_null()) options["sigma_ramp"] = true;
    const JsonReader reader(options, "case");
    return table.Read([&](const OptionSpec&) -> const JsonReader& { return reader; });
  }

  std::vector<float> Sigmas(const std::string& type) const {
    const int steps = GetParam().json.at("steps");
    if (type == "flow_match_euler") return MakeFlowMatchSchedule(Known(FlowMatchEulerTable()), steps).sigmas;
    if (type == "unipc_multistep") return MakeUniPcSchedule(Known(UniPcMultistepTable()), steps).sigmas;
    if (type == "dpm_solver_multistep") return MakeDpmSolverSchedule(Known(DpmSolverMultistepTable()), steps).sigmas;
    return {};
  }
};

// Samples after every call, [calls, ...].
at::Tensor Samples(const Scheduler& scheduler, const std::map<std::string, at::Tensor>& tensors) {
  at::Tensor x = tensors.at("x_T") * scheduler.init_noise_sigma();
  SchedulerState state;
  std::vector<at::Tensor> samples;
  for (int i = 0; i < scheduler.calls(); ++i) {
    const at::Tensor input = scheduler.ScaleModelInput(x, i);
    const at::Tensor output = 0.7 * input + 0.3 * at::sin(2.0 * input + scheduler.timestep(i) / 250.0);
    StepResult next =
        scheduler.Step(x, output, i, state, scheduler.UsesNoise(i) ? tensors.at("noise")[i] : at::Tensor());
    samples.push_back(x = next.sample);
    state = next.state;
  }
  return at::stack(samples);
}

TEST_P(DitSchedulers, EqualDiffusers) {
  const DitCase& c = GetParam();
  const auto tensors = c.tensors();
  const auto scheduler = Make("given");
  ASSERT_EQ(scheduler->calls(), tensors.at("samples").size(0));
  EXPECT_NEAR(scheduler->init_noise_sigma(), c.json.at("init_noise_sigma").get<double>(), 1e-6);

  std::vector<double> timesteps;
  for (int i = 0; i < scheduler->calls(); ++i) timesteps.push_back(scheduler->timestep(i));
  testing::ExpectClose(testing::Rounding{}, "timesteps", at::tensor(timesteps), tensors.at("timesteps"));
  if (tensors.contains("sigmas"))
    testing::ExpectClose(testing::Rounding{}, "sigmas", at::tensor(Sigmas(scheduler->type())), tensors.at("sigmas"));

  const auto drawn = c.json.at("noise_used_at").get<std::set<int>>();
  for (int i = 0; i + 1 < scheduler->calls(); ++i)  // diffusers also draws for the last, whose weight is zero
    EXPECT_EQ(scheduler->UsesNoise(i), drawn.contains(i)) << "call " << i;

  const at::Tensor samples = Samples(*scheduler, tensors);
  testing::ExpectClose(c, "samples", samples, tensors.at("samples"));
  // The complete configuration, where everything is spelled out, means the same.
  EXPECT_TRUE(at::equal(Samples(*Make("config"), tensors), samples));
}

DIT_CASES(DitSchedulers, "scheduler");

}  // namespace
}  // namespace skipbench
