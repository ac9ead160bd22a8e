// Options: what from_config makes of a pipeline's file, and what it refuses.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>

#include "harness/schedulers/catalog.h"
#include "tests/support/fixtures.h"

namespace skipbench {
namespace {

// runwayml/stable-diffusion-v1-5, scheduler/scheduler_config.json: no timestep_spacing.
Json StableDiffusion() {
  return ParseJson(R"({"_class_name": "PNDMScheduler", "_diffusers_version": "0.6.0", "beta_end": 0.012,
      "beta_schedule": "scaled_linear", "beta_start": 0.00085, "num_train_timesteps": 1000, "set_alpha_to_one": false,
      "skip_prk_steps": true, "steps_offset": 1, "trained_betas": null, "clip_sample": false})",
                   "sd15.json");
}

// stabilityai/stable-diffusion-xl-base-1.0.
Json StableDiffusionXl() {
  return ParseJson(R"({"_class_name": "EulerDiscreteScheduler", "_diffusers_version": "0.19.0.dev0", "beta_end": 0.012,
      "beta_schedule": "scaled_linear", "beta_start": 0.00085, "clip_sample": false, "interpolation_type": "linear",
      "num_train_timesteps": 1000, "prediction_type": "epsilon", "sample_max_value": 1.0, "set_alpha_to_one": false,
      "skip_prk_steps": true, "steps_offset": 1, "timestep_spacing": "leading", "trained_betas": null,
      "use_karras_sigmas": false})",
                   "sdxl.json");
}

// google/ddpm-cifar10-32.
Json Cifar() {
  return ParseJson(R"({"_class_name": "DDPMScheduler", "_diffusers_version": "0.1.1", "beta_end": 0.02,
      "beta_schedule": "linear", "beta_start": 0.0001, "clip_sample": true, "num_train_timesteps": 1000,
      "trained_betas": null, "variance_type": "fixed_large"})",
                   "cifar.json");
}

std::shared_ptr<const Scheduler> Make(const std::string& type, const Json& config, int steps,
                                      const Json& overrides = {}) {
  return MakeScheduler(type, config, overrides, steps, "scheduler_config.json");
}

std::vector<double> Timesteps(const Scheduler& scheduler, int first) {
  std::vector<double> timesteps;
  for (int i = 0; i < first; ++i) timesteps.push_back(scheduler.timestep(i));
  timesteps.push_back(scheduler.timestep(scheduler.calls() - 1));
  return timesteps;
}

using Times = std::vector<double>;

TEST(FromConfig, MissingKeysTakeTheDefaultOfTheTargetClass) {
  EXPECT_EQ(Timesteps(*Make("ddim", StableDiffusion(), 50), 2), (Times{981, 961, 1}));
  EXPECT_EQ(Timesteps(*Make("pndm", StableDiffusion(), 50), 3), (Times{981, 961, 961, 1}));
  EXPECT_EQ(Timesteps(*Make("euler", StableDiffusion(), 50), 1), (Times{999, 0}));  // linspace
  EXPECT_NEAR(Make("euler", StableDiffusion(), 50)->timestep(1), 978.6122, 1e-3);
  EXPECT_EQ(Timesteps(*Make("dpm_solver_multistep", StableDiffusion(), 50), 2), (Times{999, 979, 20}));
  // PNDM's default is to begin with Runge-Kutta steps; Stable Diffusion's file says not to.
  EXPECT_EQ(Make("pndm", StableDiffusion(), 50)->calls(), 51);
  EXPECT_EQ(Make("pndm", Cifar(), 50)->calls(), 59);
}

TEST(FromConfig, WhatTheFileSaysHoldsForEveryClass) {
  EXPECT_EQ(Timesteps(*Make("euler", StableDiffusionXl(), 50), 2), (Times{981, 961, 1}));
  EXPECT_EQ(Timesteps(*Make("dpm_solver_multistep", StableDiffusionXl(), 50), 2), (Times{951, 932, 20}));
  EXPECT_EQ(Timesteps(*Make("ddim", StableDiffusionXl(), 50), 2), (Times{981, 961, 1}));
}

TEST(FromConfig, InitialNoiseDependsOnTheSpacing) {
  EXPECT_NEAR(Make("euler", StableDiffusion(), 50)->init_noise_sigma(), 14.614647, 1e-5);
  const double sigma = 13.120485;  // at timestep 981 of leading spacing
  EXPECT_NEAR(Make("euler", StableDiffusionXl(), 50)->init_noise_sigma(), std::sqrt(sigma * sigma + 1), 1e-2);
  EXPECT_EQ(Make("ddim", StableDiffusionXl(), 50)->init_noise_sigma(), 1);
}

TEST(FromConfig, DiffusersClassNamesAreTypesToo) {
  EXPECT_EQ(Make("DPMSolverMultistepScheduler", Json::object(), 10)->type(), "dpm_solver_multistep");
  EXPECT_EQ(Make("EulerAncestralDiscreteScheduler", Json::object(), 10)->type(), "euler_ancestral");
  EXPECT_EQ(Make("UniPCMultistepScheduler", Json::object(), 10)->type(), "unipc_multistep");
  EXPECT_ERROR(Make("HeunDiscreteScheduler", Json::object(), 10), "known: ddim, ddim_quadratic, ddpm");
  EXPECT_THROW(Make("", Json::object(), 10), UnsupportedError);
}

TEST(FromConfig, TheUserOverridesTheFile) {
  EXPECT_EQ(Make("ddim", StableDiffusion(), 50, {{"timestep_spacing", "trailing"}})->timestep(0), 999);
  EXPECT_EQ(Make("ddim", StableDiffusion(), 50, {{"type", "ddim"}, {"steps_offset", 0}})->timestep(0), 980);
  // An explicit null asks for the class's default.
  EXPECT_EQ(Make("pndm", StableDiffusion(), 50, {{"skip_prk_steps", nullptr}})->calls(), 59);
}

TEST(FromConfig, UnknownKeysOfTheFileAreIgnoredUnknownOptionsAreNot) {
  Json config = StableDiffusion();
  config["some_future_option"] = 3;
  EXPECT_EQ(Make("ddim", config, 50)->calls(), 50);
  EXPECT_ERROR(Make("ddim", StableDiffusion(), 50, {{"eta_typo", 1}}),
               "options of scheduler ddim: eta_typo: unknown key");
  EXPECT_ERROR(
      MakeScheduler("ddim", StableDiffusion(), {{"eta_typo", 1}}, 50, "model.json", {"my.json", "scheduler[1]"}),
      "my.json: scheduler[1].eta_typo: unknown key");
  EXPECT_ERROR(MakeScheduler("ddim", {{"beta_start", "x"}}, {}, 50, "model.json", {"my.json", "scheduler[1]"}),
               "model.json: beta_start: expected");
  // Known to another class is not known to this one.
  EXPECT_ERROR(Make("euler", StableDiffusion(), 50, {{"clip_sample", false}}), "clip_sample: unknown key");
  EXPECT_ERROR(Make("ddim", StableDiffusion(), 50, {{"use_karras_sigmas", true}}), "use_karras_sigmas: unknown key");
}

TEST(FromConfig, FilesOfOtherClassesDoNotGetInTheWay) {
  // DDPM's variance types mean nothing to DPM-Solver, which has an option of that name.
  EXPECT_EQ(Make("dpm_solver_multistep", Cifar(), 20)->calls(), 20);
  // UniPC's and DEIS's solver and algorithm types are replaced by the default, as in diffusers.
  EXPECT_EQ(Make("dpm_solver_multistep", {{"solver_type", "bh2"}, {"algorithm_type", "deis"}}, 20)->calls(), 20);
  // What diffusers saves for DPM-Solver: its minus infinity.
  EXPECT_EQ(Make("dpm_solver_multistep", {{"lambda_min_clipped", "-inf"}, {"flow_shift", 1.0}}, 20)->timestep(0), 999);
}

TEST(FromConfig, WrongTypesNameFileAndKey) {
  EXPECT_ERROR(Make("ddim", {{"beta_start", "small"}}, 10), "scheduler_config.json: beta_start: expected a number");
  EXPECT_ERROR(Make("ddim", {{"clip_sample", 1}}, 10), "scheduler_config.json: clip_sample: expected true or false");
  EXPECT_ERROR(Make("ddim", {{"prediction_type", 4}}, 10), "scheduler_config.json: prediction_type: expected a string");
  EXPECT_ERROR(Make("ddim", {{"num_train_timesteps", 0}}, 10), "num_train_timesteps: expected an integer in");
  EXPECT_ERROR(Make("ddim", {{"num_train_timesteps", 1e3}}, 10), "num_train_timesteps: expected an integer in");
  EXPECT_ERROR(Make("ddim", {{"trained_betas", "x"}}, 10), "trained_betas");
  EXPECT_ERROR(Make("ddim", {{"trained_betas", {0.1, 0.2}}}, 10),
               "expected num_train_timesteps = 1000 numbers, found 2");
  EXPECT_ERROR(Make("ddim", {{"steps_offset", -1}}, 10), "steps_offset");
  EXPECT_ERROR(Make("ddim", Json::array(), 10), "expected an object");
  EXPECT_ERROR(Make("dpm_solver_multistep", {{"lambda_min_clipped", "low"}}, 10),
               "lambda_min_clipped: expected a number");
  EXPECT_ERROR(Make("ddim", Json::object(), 10, {{"eta", 1.5}}),
               "options of scheduler ddim: eta: expected a number in [0, 1]");
}

#define EXPECT_UNSUPPORTED(statement, text)  \
  EXPECT_THROW(statement, UnsupportedError); \
  EXPECT_ERROR(statement, text)

TEST(FromConfig, UnsupportedValuesSayWhatThereIs) {
  EXPECT_UNSUPPORTED(Make("ddim", {{"prediction_type", "flow"}}, 10),
                     R"(prediction_type: "flow" is not supported by ddim; supported: epsilon, sample, v_prediction)");
  EXPECT_UNSUPPORTED(Make("pndm", {{"prediction_type", "sample"}}, 10), "supported: epsilon, v_prediction");
  EXPECT_UNSUPPORTED(Make("euler_ancestral", {{"prediction_type", "sample"}}, 10), "supported: epsilon, v_prediction");
  EXPECT_UNSUPPORTED(Make("ddim", {{"beta_schedule", "sigmoid"}}, 10),
                     "supported: linear, scaled_linear, squaredcos_cap_v2");
  EXPECT_UNSUPPORTED(Make("ddim", {{"timestep_spacing", "karras"}}, 10), "supported: leading, linspace, trailing");
  EXPECT_UNSUPPORTED(Make("ddpm", {{"variance_type", "learned_range"}}, 10), "supported: fixed_small");
  EXPECT_UNSUPPORTED(Make("ddpm", {{"variance_type", "fixed_large_log"}}, 10), "supported: fixed_small");
  EXPECT_UNSUPPORTED(Make("euler", {{"interpolation_type", "log_linear"}}, 10), "supported: linear");
  const std::string dpm = "dpm_solver_multistep";
  EXPECT_UNSUPPORTED(Make(dpm, {{"algorithm_type", "dpmsolver"}}, 10), "supported: sigma_min");
  EXPECT_UNSUPPORTED(Make(dpm, {{"algorithm_type", "unipc"}}, 10), "supported: dpmsolver++");
  EXPECT_ERROR(Make(dpm, {{"prediction_type", "flow_prediction"}}, 10), "flow_prediction needs use_flow_sigmas true");
  EXPECT_ERROR(Make(dpm, {{"use_flow_sigmas", true}, {"use_karras_sigmas", true}}, 10),
               "use_flow_sigmas: cannot be true");
  EXPECT_ERROR(Make(dpm, Json::object(), 10, {{"mu", 1.0}}), "mu: only with use_dynamic_shifting");
  EXPECT_UNSUPPORTED(Make(dpm, {{"variance_type", "learned_range"}}, 10), "variance_type");
  EXPECT_UNSUPPORTED(
      Make(dpm, {{"algorithm_type", "sde-dpmsolver"}, {"final_sigmas_type", "sigma_min"}, {"solver_order", 3}}, 20),
      "supported: 1, 2");
  EXPECT_ERROR(Make(dpm, {{"solver_order", 4}}, 10), "solver_order: expected an integer in [1, 3]");
}

TEST(FromConfig, ImpossibleCombinationsAreErrors) {
  EXPECT_ERROR(Make("euler", {{"use_karras_sigmas", true}, {"use_beta_sigmas", true}}, 10), "only one of");
  EXPECT_ERROR(Make("euler", {{"use_karras_sigmas", true}, {"sigma_min", 3.0}, {"sigma_max", 2.0}}, 10), "sigma_min");
  EXPECT_ERROR(
      Make("ddim", {{"rescale_betas_zero_snr", true}, {"timestep_spacing", "trailing"}, {"clip_sample", false}}, 10),
      "epsilon leaves x0 undefined at timestep 999");
  EXPECT_ERROR(Make("ddim", {{"steps_offset", 1}}, 1000), "beyond the 1000 training timesteps");
  EXPECT_ERROR(Make("ddim", Json::object(), 1001), "1001 steps are more than the 1000 training timesteps");
  EXPECT_ERROR(Make("dpm_solver_multistep", {{"timestep_spacing", "leading"}}, 1000), "at most 999 steps");
  EXPECT_ERROR(Make("dpm_solver_multistep", {{"lambda_min_clipped", 100.0}}, 10), "leaves no timestep");
  EXPECT_ERROR(Make("pndm", Json::object(), 3), "at least 4 steps");
  EXPECT_ERROR(Make("ddim", {{"beta_start", 0.0}, {"beta_end", 0.0}}, 10), "cumulative product");
  EXPECT_ERROR(Make("euler", {{"beta_start", 0.9}, {"beta_end", 0.99}}, 10), "no signal");
}

TEST(DdimQuadratic, VisitsTheTimesOfTheOriginalCode) {
  // int(v) for v in numpy.linspace(0, sqrt(800), n) ** 2, descending
  const int ten[] = {800, 632, 483, 355, 246, 158, 88, 39, 9, 0};
  const auto scheduler = Make("ddim_quadratic", Cifar(), 10);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(scheduler->timestep(i), ten[i]);
  const int twenty[] = {800, 718, 640, 567, 498, 434, 374, 319, 268, 221, 179, 141, 108, 79, 55, 35, 19, 8, 2, 0};
  for (int i = 0; i < 20; ++i) EXPECT_EQ(Make("ddim_quadratic", Cifar(), 20)->timestep(i), twenty[i]);
  // With many steps 0 comes several times.
  const auto many = Make("ddim_quadratic", Cifar(), 100);
  EXPECT_EQ(many->timestep(96), 0);
  EXPECT_EQ(many->timestep(95), 1);
}

TEST(DdimQuadratic, AStepWithoutLengthLeavesTheSample) {
  const auto many = Make("ddim_quadratic", Cifar(), 100);
  const at::Tensor x = at::arange(12, at::kFloat).reshape({1, 12}).div(7) - 1;
  const at::Tensor epsilon = at::cos(x * 3);
  EXPECT_LT(testing::MaxAbsDiff(many->Step(x, epsilon, 97, {}, {}).sample, x), 1e-6);
  // The last one removes the noise that is left: x0 = (x - sqrt(1 - abar) eps) / sqrt(abar), abar = 1 - 1e-4, without
  // clipping.
  const at::Tensor x0 = (x - 0.01 * epsilon) / std::sqrt(1 - 1e-4);
  EXPECT_LT(testing::MaxAbsDiff(many->Step(x, epsilon, 99, {}, {}).sample, x0), 1e-6);
}

TEST(Ddim, IsExactForAPerfectPredictor) {
  // If the network knows the noise, every step stays on the line between x0 and noise.
  const at::Tensor x0 = at::linspace(-0.9, 0.9, 24).reshape({1, 2, 3, 4});
  const at::Tensor noise = at::cos(at::arange(24, at::kFloat)).reshape({1, 2, 3, 4});
  for (const char* type : {"ddim", "pndm", "dpm_solver_multistep", "ddim_quadratic"}) {
    const auto scheduler = Make(type, StableDiffusion(), 20);
    const double first = scheduler->timestep(0);
    double abar = 1;
    for (int t = 0; t <= first; ++t) {
      const double root = std::sqrt(0.00085) + (std::sqrt(0.012) - std::sqrt(0.00085)) * t / 999;
      abar *= 1 - root * root;
    }
    at::Tensor x = std::sqrt(abar) * x0 + std::sqrt(1 - abar) * noise;
    SchedulerState state;
    for (int call = 0; call < scheduler->calls(); ++call) {
      StepResult next = scheduler->Step(x, noise, call, state, {});
      x = next.sample;
      state = next.state;
    }
    // DDIM and PNDM end at abar_0 (set_alpha_to_one false), the others at abar = 1.
    const bool all_the_way = std::string(type) != "ddim" && std::string(type) != "pndm";
    const double left = all_the_way ? 0 : std::sqrt(0.00085);
    EXPECT_LT(testing::MaxAbsDiff(x, std::sqrt(1 - left * left) * x0 + left * noise), 2e-4) << type;
  }
}

}  // namespace
}  // namespace skipbench
