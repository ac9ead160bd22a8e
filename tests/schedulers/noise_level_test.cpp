// Scheduler::noise_level: a network that knows picture and noise exactly keeps the latent between the two, at the
// levels that the scheduler says.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>

#include "harness/schedulers/catalog.h"
#include "tests/support/fixtures.h"

namespace skipbench {
namespace {

std::shared_ptr<const Scheduler> Make(const std::string& type, const Json& options, int steps) {
  return MakeScheduler(type, Json::object(), options, steps, "test");
}

// What a network of this kind predicts that sees picture and noise.
at::Tensor Exact(const std::string& prediction, const at::Tensor& picture, const at::Tensor& noise,
                 const NoiseLevel& level) {
  if (prediction == "sample") return picture;
  if (prediction == "v_prediction") return level.alpha * noise - level.sigma * picture;
  if (prediction == "flow_prediction") return noise - picture;
  return noise;
}

struct Case {
  std::string type;
  Json options;
  bool flow = false;
};

std::vector<Case> Cases() {
  std::vector<Case> cases;
  for (const char* prediction : {"epsilon", "v_prediction"}) {
    for (const char* type : {"ddim", "euler", "dpm_solver_multistep", "unipc_multistep"})
      cases.push_back({type, {{"prediction_type", prediction}}});
    cases.push_back({"ddim", {{"prediction_type", prediction}, {"set_alpha_to_one", false}, {"clip_sample", false}}});
    cases.push_back({"euler", {{"prediction_type", prediction}, {"final_sigmas_type", "sigma_min"}}});
    cases.push_back({"euler", {{"prediction_type", prediction}, {"use_karras_sigmas", true}}});
    cases.push_back({"unipc_multistep", {{"prediction_type", prediction}, {"final_sigmas_type", "sigma_min"}}});
    cases.push_back({"dpm_solver_multistep", {{"prediction_type", prediction}, {"use_karras_sigmas", true}}});
    cases.push_back({"ddim_quadratic", {{"prediction_type", prediction}}});
    for (const char* type : {"ddpm", "euler_ancestral"}) cases.push_back({type, {{"prediction_type", prediction}}});
    cases.push_back({"dpm_solver_multistep", {{"prediction_type", prediction}, {"algorithm_type", "sde-dpmsolver++"}}});
  }
  // PNDM averages velocities of several levels, so exact ones lead it astray; noises are the same at all levels.
  for (const bool plms : {false, true})
    cases.push_back({"pndm", {{"prediction_type", "epsilon"}, {"skip_prk_steps", plms}}});
  for (const char* type : {"dpm_solver_multistep", "unipc_multistep"})
    cases.push_back(
        {type, {{"prediction_type", "flow_prediction"}, {"use_flow_sigmas", true}, {"flow_shift", 3}}, true});
  cases.push_back({"flow_match_euler", {{"shift", 3}}, true});
  cases.push_back({"flow_match_euler", {{"shift", 2}, {"stochastic_sampling", true}}, true});
  cases.push_back({"flow_match_euler", {{"invert_sigmas", true}}, true});
  for (Case& c : cases)
    if (c.type == "ddim" || c.type == "ddpm") c.options["clip_sample"] = false;
  return cases;
}

TEST(NoiseLevels, LieOnTheCircleOrOnTheLine) {
  for (const Case& c : Cases()) {
    SCOPED_TRACE(c.type + c.options.dump());
    const auto scheduler = Make(c.type, c.options, 10);
    double before = 2;
    for (int call = 0; call <= scheduler->calls(); ++call) {
      const auto level = scheduler->noise_level(call);
      ASSERT_TRUE(level);
      const bool scaled_no_more = call == scheduler->calls() && c.type.starts_with("euler");
      if (scaled_no_more)
        EXPECT_EQ(level->alpha, 1);
      else
        EXPECT_NEAR(c.flow ? level->alpha + level->sigma : level->alpha * level->alpha + level->sigma * level->sigma, 1,
                    1e-6);
      // Runge-Kutta steps go back, and the second call of PLMS begins the step again.
      if (c.type != "pndm" && !scaled_no_more) EXPECT_LE(level->sigma, before);
      before = level->sigma;
    }
    EXPECT_ERROR(scheduler->noise_level(-1), "there is no call");
    EXPECT_ERROR(scheduler->noise_level(scheduler->calls() + 1), "there is no call");
  }
}

// Of noise schedulers only the picture's share, without noise: what they draw is new.
TEST(NoiseLevels, AreThoseOfLatentsBetweenPictureAndNoise) {
  const at::Tensor picture = at::linspace(-0.8, 0.9, 6).view({1, 6}), zero = at::zeros({1, 6});
  for (const Case& c : Cases()) {
    SCOPED_TRACE(c.type + c.options.dump());
    const auto scheduler = Make(c.type, c.options, 10);
    bool draws = false;
    for (int call = 0; call < scheduler->calls(); ++call) draws |= scheduler->UsesNoise(call);
    const at::Tensor noise = draws ? zero : at::sin(at::arange(6, at::kFloat) * 1.7).view({1, 6});
    const std::string prediction =
        c.type == "flow_match_euler" ? "flow_prediction" : c.options["prediction_type"].get<std::string>();
    const bool inverted = c.options.contains("invert_sigmas");
    const auto at = [&](int call) {
      const NoiseLevel level = *scheduler->noise_level(call);
      return level.alpha * picture + level.sigma * noise;
    };
    // The first latent: what is scaled to the first level.
    const at::Tensor scaled_one = scheduler->ScaleModelInput(at::ones({1}), 0);
    at::Tensor x = at(0) / scaled_one;
    SchedulerState state;
    for (int call = 0; call < scheduler->calls(); ++call) {
      const at::Tensor input = scheduler->ScaleModelInput(x, call);
      // x0 = (x - sigma e)/alpha magnifies rounding where alpha is small.
      EXPECT_LT(testing::MaxAbsDiff(input, at(call)), 2e-5) << "call " << call;
      at::Tensor output = Exact(prediction, picture, noise, *scheduler->noise_level(call));
      if (inverted) output = -output;
      StepResult next = scheduler->Step(x, output, call, state, zero);
      x = next.sample, state = next.state;
    }
    EXPECT_LT(testing::MaxAbsDiff(x, at(scheduler->calls())), 2e-5);
  }
}

// alphas_cumprod of "linear" betas from 1e-4 to 0.02, worked out in float64 (DDPM's own schedule).
TEST(NoiseLevels, AreTheTablesOfDiffusion) {
  double alpha_bar = 1;
  std::vector<double> table;
  for (int t = 0; t < 1000; ++t) table.push_back(alpha_bar *= 1 - (1e-4 + (0.02 - 1e-4) * t / 999));
  for (const char* type : {"ddim", "ddpm", "pndm", "dpm_solver_multistep", "unipc_multistep"}) {
    SCOPED_TRACE(type);
    const auto scheduler = Make(type, Json::object(), 20);
    for (int call = 0; call < scheduler->calls(); ++call) {
      const double a = table[static_cast<size_t>(scheduler->timestep(call))];
      EXPECT_NEAR(scheduler->noise_level(call)->alpha, std::sqrt(a), 1e-5) << "call " << call;
      EXPECT_NEAR(scheduler->noise_level(call)->sigma, std::sqrt(1 - a), 1e-5) << "call " << call;
    }
  }
  const auto euler = Make("euler", {{"timestep_spacing", "leading"}}, 20);
  for (int call = 0; call < euler->calls(); ++call)
    EXPECT_NEAR(euler->noise_level(call)->alpha, std::sqrt(table[static_cast<size_t>(euler->timestep(call))]), 1e-5);
  EXPECT_EQ(Make("flow_match_euler", {{"sigmas", {1.0, 0.75, 0.5, 0.25}}}, 4)->noise_level(1)->sigma, 0.75);
}

}  // namespace
}  // namespace skipbench
