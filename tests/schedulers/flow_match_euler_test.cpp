#include "harness/schedulers/flow_match_euler.h"

#include "tests/schedulers/conformance.h"
#include "tests/support/fixtures.h"

namespace skipbench {

SCHEDULER_EXAMPLES(FlowMatchEuler, {"Default", "flow_match_euler", Json::object()},
                   {"Ramp", "flow_match_euler", {{"shift", 3.0}, {"sigma_ramp", true}}},
                   {"Dynamic",
                    "flow_match_euler",
                    {{"use_dynamic_shifting", true}, {"mu", 1.15}, {"sigma_ramp", true}}},
                   {"Terminal", "flow_match_euler", {{"shift", 3.0}, {"shift_terminal", 0.1}}},
                   {"Beta", "flow_match_euler", {{"shift", 3.0}, {"use_beta_sigmas", true}}},
                   {"Stochastic", "flow_match_euler", {{"shift", 3.0}, {"stochastic_sampling", true}}});

namespace {

// diffusers 0.42.1: the scheduler's own schedule is shifted twice, that of a pipeline once.
TEST(FlowMatchEuler, ShiftsItsOwnScheduleTwice) {
  const auto sigmas = [](FlowMatchEulerOptions options) { return MakeFlowMatchSchedule(options, 4).sigmas; };
  const std::vector<float> own = {1, 0.858f, 0.602f, 0.0089f, 0}, ramp = {1, 0.9f, 0.75f, 0.5f, 0};
  for (size_t i = 0; i < own.size(); ++i) {
    EXPECT_NEAR(sigmas({.shift = 3})[i], own[i], 5e-4);
    EXPECT_NEAR(sigmas({.shift = 3, .sigma_ramp = true})[i], ramp[i], 1e-6);
    EXPECT_NEAR(sigmas({.shift = 3, .sigmas = {{1, 0.75, 0.5, 0.25}}})[i], ramp[i], 1e-6);
  }
}

// As FLUX's pipeline does for 1024 x 1024: mu is max_shift.
TEST(FlowMatchEuler, TakesMuFromTheNumberOfTokens) {
  const Json file = {{"use_dynamic_shifting", true}, {"sigma_ramp", true}, {"image_seq_len", 4096}};
  const BuiltScheduler by_tokens = BuildScheduler("FlowMatchEulerDiscreteScheduler", file, {}, 8, "test");
  const auto by_mu = MakeScheduler("flow_match_euler", file, {{"mu", 1.15}}, 8, "test");
  const auto fixed = MakeScheduler("flow_match_euler", {{"image_seq_len", 4096}}, {}, 8, "test");
  for (int call = 0; call < 8; ++call)
    EXPECT_NEAR(by_tokens.scheduler->timestep(call), by_mu->timestep(call), 1e-3) << call;
  EXPECT_GT(by_mu->timestep(4), fixed->timestep(4) + 100);
  bool recorded = false;
  for (const auto& option : by_tokens.options)
    if (option.key == "mu") recorded = std::abs(option.value.get<double>() - 1.15) < 1e-12;
  EXPECT_TRUE(recorded);
}

TEST(FlowMatchEuler, SaysWhatItCannotDo) {
  const auto make = [](Json options) { return MakeScheduler("flow_match_euler", {}, options, 4, "test"); };
  EXPECT_ERROR(make({{"use_dynamic_shifting", true}}), "mu: use_dynamic_shifting needs it");
  EXPECT_ERROR(make({{"mu", 1.0}}), "mu: only with use_dynamic_shifting");
  EXPECT_ERROR(make({{"use_dynamic_shifting", true}, {"time_shift_type", "linear"}, {"mu", -1.0}}),
               "mu: expected a number above 0");
  EXPECT_ERROR(make({{"sigmas", {1.0, 0.5}}}), "sigmas: expected one for each of 4 steps, found 2");
  EXPECT_ERROR(make({{"sigmas", {1.0, 0.5, 0.25, 0.0}}}), "expected numbers in (0, 1], found 0.0");
  EXPECT_ERROR(make({{"sigmas", {1.0, 0.5, 0.25, 0.1}}, {"sigma_ramp", true}}), "sigma_ramp: cannot be true");
  EXPECT_ERROR(make({{"base_image_seq_len", 4096}}), "max_image_seq_len: expected more than base_image_seq_len");
  EXPECT_ERROR(MakeScheduler("flow_match_euler", {}, {{"shift_terminal", 0.1}}, 1, "test"), "ask for more steps");
}

// FLUX's and SD3's pipelines give any scheduler of diffusers the mu of the resolution.
TEST(FlowSchedulers, OthersTakeMuFromTheNumberOfTokens) {
  const Json config = {
      {"use_dynamic_shifting", true}, {"image_seq_len", 24},    {"base_shift", 0.3}, {"max_shift", 2.0},
      {"base_image_seq_len", 4},      {"max_image_seq_len", 64}};
  const auto timesteps = [&](const char* type, const Json& options) {
    const auto scheduler = MakeScheduler(type, config, options, 4, "scheduler_config.json");
    std::vector<double> all;
    for (int call = 0; call < scheduler->calls(); ++call) all.push_back(scheduler->timestep(call));
    return all;
  };
  Json flow = {{"use_flow_sigmas", true}, {"prediction_type", "flow_prediction"}};
  for (const char* type : {"dpm_solver_multistep", "unipc_multistep"}) {
    const auto by_tokens = timesteps(type, flow);
    Json given = flow;
    given["mu"] = 0.3 + 1.7 / 60 * 20;
    EXPECT_EQ(by_tokens, timesteps(type, given)) << type;
    Json fixed = flow;
    fixed["use_dynamic_shifting"] = false;
    EXPECT_NE(by_tokens, timesteps(type, fixed)) << type;
  }
}

}  // namespace
}  // namespace skipbench
