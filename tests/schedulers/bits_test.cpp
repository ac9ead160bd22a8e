// The tables and the coefficients of every scheduler are the same on every CPU: their SHA-256, as computed once with the
// basic operations of IEEE 754. A change of these is a change of every result: it needs a reason.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "harness/schedulers/noise_schedule.h"
#include "harness/schedulers/scheduler.h"
#include "harness/schedulers/sigmas.h"
#include "tests/support/bits.h"

namespace skipbench {
namespace {

using testing::BitsOf;

struct Setting {
  std::string type;
  Json options;
  std::string bits;
};

// What the scheduler says of its calls, and what a step makes of one input that is 1 where all others are 0: every
// coefficient, by operations that round at most once and so do not depend on the CPU either.
std::string BitsOfCalls(const Scheduler& scheduler) {
  const at::Tensor zero = at::zeros({1, 1}), one = at::ones({1, 1});
  std::vector<double> numbers = {scheduler.init_noise_sigma()};
  SchedulerState state;
  for (int call = 0; call < scheduler.calls(); ++call) {
    numbers.push_back(scheduler.timestep(call));
    numbers.push_back(scheduler.ScaleModelInput(one, call).item<double>());
    const auto probe = [&](const at::Tensor& x, const at::Tensor& output, const at::Tensor& noise, const SchedulerState& s) {
      const at::Tensor next = scheduler.Step(x, output, call, s, scheduler.UsesNoise(call) ? noise : at::Tensor()).sample;
      numbers.push_back(next.item<double>());
    };
    probe(one, zero, zero, state);
    probe(zero, one, zero, state);
    if (scheduler.UsesNoise(call)) probe(zero, zero, one, state);
    for (size_t i = 0; i < state.history.size(); ++i) {
      SchedulerState with_one = state;
      with_one.history[i] = one;
      probe(zero, zero, zero, with_one);
    }
    state = scheduler.Step(zero, zero, call, state, scheduler.UsesNoise(call) ? zero : at::Tensor()).state;
  }
  for (double& number : numbers) number += 0;   // -0 is 0
  return BitsOf(numbers);
}

TEST(Bits, OfEveryScheduler) {
  const Json sd = {{"beta_start", 0.00085}, {"beta_end", 0.012}, {"beta_schedule", "scaled_linear"}};
  const auto with = [&](Json options) {
    options.update(sd);
    return options;
  };
  const std::vector<Setting> settings = {
      {"ddim", with({{"clip_sample", false}, {"steps_offset", 1}, {"set_alpha_to_one", false}}), ""},
      {"ddim", {{"clip_sample", false}, {"eta", 1.0}}, ""},
      {"ddim", {{"clip_sample", false}, {"rescale_betas_zero_snr", true}, {"prediction_type", "v_prediction"},
                {"timestep_spacing", "trailing"}}, ""},
      {"ddim", {{"clip_sample", false}, {"beta_schedule", "squaredcos_cap_v2"}}, ""},
      {"ddim_quadratic", Json::object(), ""},
      {"ddpm", {{"clip_sample", false}}, ""},
      {"ddpm", {{"clip_sample", false}, {"variance_type", "fixed_large"}, {"beta_schedule", "sigmoid"}}, ""},
      {"ddpm", {{"clip_sample", false}, {"variance_type", "fixed_small_log"}, {"beta_schedule", "laplace"}}, ""},
      {"pndm", with({{"skip_prk_steps", true}, {"steps_offset", 1}}), ""},
      {"pndm", Json::object(), ""},
      {"euler", with({{"timestep_spacing", "leading"}, {"steps_offset", 1}}), ""},
      {"euler", with({{"use_karras_sigmas", true}, {"prediction_type", "v_prediction"}}), ""},
      {"euler", with({{"use_exponential_sigmas", true}}), ""},
      {"euler", with({{"use_beta_sigmas", true}, {"prediction_type", "sample"}}), ""},
      {"euler", with({{"timestep_type", "continuous"}, {"prediction_type", "v_prediction"}, {"rescale_betas_zero_snr", true}}), ""},
      {"euler_ancestral", with({{"timestep_spacing", "trailing"}}), ""},
      {"dpm_solver_multistep", with(Json::object()), ""},
      {"dpm_solver_multistep", with({{"use_lu_lambdas", true}, {"solver_type", "heun"}}), ""},
      {"dpm_solver_multistep", with({{"use_karras_sigmas", true}, {"solver_order", 3}}), ""},
      {"dpm_solver_multistep", with({{"algorithm_type", "dpmsolver"}, {"final_sigmas_type", "sigma_min"}, {"lambda_min_clipped", -5.1}}), ""},
      {"dpm_solver_multistep", with({{"algorithm_type", "sde-dpmsolver++"}, {"use_beta_sigmas", true}}), ""},
      {"dpm_solver_multistep", with({{"algorithm_type", "sde-dpmsolver"}, {"final_sigmas_type", "sigma_min"}}), ""},
  };
  for (const auto& [type, options, bits] : settings)
    EXPECT_EQ(BitsOfCalls(*MakeScheduler(type, Json::object(), options, 50, "test")), bits) << type << " " << options.dump();
}

TEST(Bits, OfTables) {
  const auto expect = [](const Json& config, const std::string& floats, const std::string& doubles) {
    const Json none = Json::object();
    const SchedulerOptions options("ddpm", config, none, "test");
    EXPECT_EQ(BitsOf(ReadAlphasCumprod<float>(options, {.sigmoid = true})), floats) << config.dump();
    EXPECT_EQ(BitsOf(ReadAlphasCumprod<double>(options, {.sigmoid = true})), doubles) << config.dump();
  };
  expect({{"beta_schedule", "linear"}}, "", "");
  expect({{"beta_schedule", "scaled_linear"}, {"beta_start", 0.00085}, {"beta_end", 0.012}}, "", "");
  expect({{"beta_schedule", "squaredcos_cap_v2"}}, "", "");
  expect({{"beta_schedule", "squaredcos_cap_v2"}, {"rescale_betas_zero_snr", true}}, "", "");
  expect({{"beta_schedule", "sigmoid"}}, "", "");
  expect({{"beta_schedule", "laplace"}}, "", "");
  const Json config = {{"beta_schedule", "scaled_linear"}}, none = Json::object();
  EXPECT_EQ(BitsOf(SigmaTable(ReadPositiveAlphasCumprod(SchedulerOptions("euler", config, none, "test")))), "");
}

}  // namespace
}  // namespace skipbench
