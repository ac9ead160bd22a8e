#include "methods/sada/sada.h"

#include <ATen/ATen.h>

#include <cmath>
#include <functional>

#include "harness/base/error.h"
#include "tests/methods/conformance.h"
#include "tests/support/fixtures.h"

namespace skipbench {
namespace {

using Variant = SadaOptions::Variant;

METHOD_EXAMPLES(Sada, {"sada", {{"acc_start", 3}, {"acc_end", 12}}},
                {"sada", {{"acc_start", 4}, {"acc_end", 11}, {"max_interval", 2}, {"scope", "group"}}},
                {"sada",
                 {{"acc_start", 3}, {"acc_end", 12}, {"lagrange_term", 2}, {"lagrange_int", 3}, {"lagrange_step", 6}}},
                {"sada", {{"variant", "flux"}, {"acc_start", 3}, {"acc_end", 12}}});

// Flow matching with equal steps, so that sums by hand are short; latents and velocities are numbers.
RunShape FlowRun(int calls) {
  RunShape run;
  run.steps = run.calls = calls;
  for (int call = 0; call <= calls; ++call) {
    if (call < calls) run.timesteps.push_back(1000 - 1000.0 * call / calls);
    run.sigmas.push_back(1 - static_cast<double>(call) / calls);
    run.alphas.push_back(1 - run.sigmas.back());
    run.scales.push_back(1);
  }
  run.prediction_type = "flow_prediction";
  return run;
}

// A trajectory of one number under Euler's method, whose velocities are given where the network runs.
struct OneNumber {
  std::vector<double> x = {1}, v;  // before each call; used at each call
  double more = 0;

  // Goes through `call` as decided; `computed`: what the network would say.
  Observation Pass(const Decision& decision, double computed, const RunShape& run) {
    const auto call = static_cast<int>(v.size());
    double used = computed;
    if (decision.action == Action::kCombine) {
      const auto& past = decision.site.level == CacheSite::Level::kCalls ? v : full_;
      const auto newest = [&](const std::vector<double>& list, size_t k) { return list.at(list.size() - 1 - k); };
      used = 0;
      for (size_t k = 0; k < decision.weights.size(); ++k) used += decision.weights[k] * newest(past, k);
      for (size_t k = 0; k < decision.input_weights.size(); ++k) used += decision.input_weights[k] * newest(x, k);
      if (decision.weights.empty() && decision.input_weights.empty()) used = newest(past, 0);
    } else {
      full_.push_back(computed);
    }
    v.push_back(used);
    x.push_back(x.back() + (run.sigmas[call + 1] - run.sigmas[call]) * (used + more));
    Observation seen;
    seen.action = decision.action;
    seen.elements = 1;
    tensor_ = {at::tensor({x.back()}, at::kDouble)};
    seen.latents = tensor_;
    const auto at = [&](size_t i) {  // 7 latents after calls, 7 velocities
      const auto& list = i < 7 ? x : v;
      const size_t back = i % 7, there = i < 7 ? list.size() - 1 : list.size();
      return back < there ? list[list.size() - 1 - back] : kNotShown;
    };
    for (size_t i = 0; i < 14; ++i)
      for (size_t j = 0; j < 14; ++j) seen.products.push_back(at(i) * at(j));
    return seen;
  }

 private:
  std::vector<double> full_;
  std::vector<at::Tensor> tensor_;
};

struct Course {
  std::string mask;
  OneNumber numbers;
  Trace trace;
};

// `more`: what a step goes by beside the velocity.
Course Follow(const SadaOptions& options, int calls, const std::function<double(int)>& velocity, double more = 0) {
  const RunShape run = FlowRun(calls);
  const auto policy = MakeSada(options)->Start(run);
  Course course;
  course.numbers.more = more;
  for (int call = 0; call < calls; ++call) {
    const Decision decision = policy->Decide(call);
    course.mask += decision.action == Action::kPredict ? '1' : '0';
    policy->Observe(call, course.numbers.Pass(decision, velocity(call), run));
  }
  course.trace = policy->TakeTrace();
  return course;
}

// The criterion by hand: with D the length of a step the extrapolation is x_i - D (.625 v_i + .75 v_{i-1} - .375
// v_{i-2}), the drift v: (x_{i+1} - x^)(v_i - 2 v_{i-1} + v_{i-2}).
TEST(Sada, ComparesTheErrorOfTheExtrapolationWithTheCurvature) {
  const auto velocity = [](int i) { return 1 + 0.1 * i + 0.01 * i * i; };  // of second difference 0.02
  const SadaOptions options{.acc_start = 5, .acc_end = 6};
  const double step = 0.1, mean = 0.625 * velocity(5) + 0.75 * velocity(4) - 0.375 * velocity(3);
  for (const double slower : {-0.3, 0.3}) {  // another solver's steps
    const Course course = Follow(options, 10, velocity, slower);
    const double criterion = -step * (velocity(5) + slower - mean) * 0.02 * step;  // D times the drift is compared
    EXPECT_NEAR(course.trace.at("criterion")[5], criterion, 1e-12);
    EXPECT_EQ(course.trace.at("threshold")[5], 0);
    EXPECT_EQ(course.mask, slower > 0 ? "1111110111" : "1111111111");
    if (slower < 0) continue;
    // x0 of the skipped call is the extrapolated latent less sigma times the last velocity.
    const auto& x = course.numbers.x;
    EXPECT_NEAR(x[6] - 0.4 * course.numbers.v[6], x[5] - step * mean - 0.4 * velocity(5), 1e-12);
  }
}

// Euler's own steps leave an error of -3/8 of the second difference: the criterion is never positive.
TEST(Sada, AlwaysSkipsUnderEulersMethod) {
  for (const double rate : {-0.3, 0.2})
    for (const double sign : {-1.0, 1.0})
      EXPECT_EQ(Follow({.acc_start = 5, .acc_end = 6}, 10, [&](int i) { return sign * std::exp(rate * i); }).mask,
                "1111110111");
}

TEST(Sada, SkipsInItsRangeAndNotTooLong) {
  const auto curved = [](int i) { return 1 + 0.01 * i * i; };
  const Course course = Follow({.acc_start = 4, .acc_end = 9}, 12, curved);
  EXPECT_EQ(course.mask.substr(0, 6), "111110");  // decided after call 4, for call 5
  EXPECT_EQ(course.mask.substr(10), "11");        // none is decided after call 9
  for (int most = 1; most <= 4; ++most) {
    const std::string mask = Follow({.acc_start = 3, .acc_end = 40, .max_interval = most}, 40, curved).mask;
    EXPECT_EQ(mask.find(std::string(static_cast<size_t>(most) + 1, '0')), std::string::npos) << mask;
    EXPECT_EQ(mask.back() == '0' || mask.find('0') != std::string::npos, true);
  }
}

// From lagrange_step on the calls behind multiples of lagrange_int predict; x0 is the polynomial through the kept ones.
TEST(Sada, FollowsThePatternAndInterpolates) {
  const SadaOptions options{.acc_start = 3, .acc_end = 30, .lagrange_term = 3, .lagrange_int = 4, .lagrange_step = 12};
  const Course course = Follow(options, 24, [](int i) { return std::exp(-0.3 * i); });
  EXPECT_EQ(course.mask.substr(14), "0001000100");  // 14 to 16 are skipped, 17 predicts
  const auto x0 = [&](int call) { return course.numbers.x[call] - (1 - call / 24.0) * course.numbers.v[call]; };
  // Call 18 through 17, 13 and 9.
  const double expected = 45.0 / 32 * x0(17) - 18.0 / 32 * x0(13) + 5.0 / 32 * x0(9);
  EXPECT_NEAR(x0(18), expected, 1e-12);
  EXPECT_TRUE(std::isnan(course.trace.at("criterion")[17]));
}

TEST(Sada, FluxLooksAtTheMeanSecondDifference) {
  const SadaOptions options{.variant = Variant::kFlux, .acc_start = 5, .acc_end = 14};
  // Curved upward: minus the second difference is below zero. Once begun a run goes on to its longest.
  const Course up = Follow(options, 18, [](int i) { return 1 + 0.01 * i * i; });
  EXPECT_EQ(up.mask, "111111000010000111");
  EXPECT_NEAR(up.trace.at("criterion")[5], -0.02, 1e-10);
  EXPECT_NEAR(up.numbers.v[6], 2 * up.numbers.v[5] - up.numbers.v[4], 1e-12);
  for (int call = 7; call < 10; ++call) EXPECT_NEAR(up.numbers.v[call], up.numbers.v[5], 1e-12);
  EXPECT_EQ(Follow(options, 18, [](int i) { return 1 - 0.01 * i * i; }).mask, std::string(18, '1'));
}

TEST(Sada, SaysWhatItDoesNotFit) {
  RunShape run = FlowRun(10);
  EXPECT_NO_THROW(MakeSada({})->Start(run));
  EXPECT_THROW(MakeSada({.as_published = true})->Start(run), UnsupportedError);
  run.prediction_type = "epsilon";
  EXPECT_THROW(MakeSada({.variant = Variant::kFlux})->Start(run), UnsupportedError);
  EXPECT_ERROR(MakeSada({.as_published = true})->Start(run), "num_train_timesteps: call 0 is at timestep 1000");
  run.timesteps[0] = 999;
  EXPECT_ERROR(MakeSada({.as_published = true})->Start(run), "beta_schedule: with scaled_linear from 0.00085 to 0.012");
  run.prediction_type = "";
  EXPECT_THROW(MakeSada({})->Start(run), UnsupportedError);
  run.alphas.clear();
  EXPECT_THROW(MakeSada({})->Start(run), UnsupportedError);
  EXPECT_ERROR(MakeSada({.acc_start = 20, .acc_end = 20}), "acc_end: expected more than acc_start, 20, found 20");
  EXPECT_ERROR(MakeSada({.lagrange_term = 4, .lagrange_step = 22}),
               "lagrange_step: expected a multiple of lagrange_int");
  EXPECT_ERROR(MakeSada({.lagrange_term = 4, .lagrange_step = 4}), "lagrange_step: at call 4 only 2 of 4 points");
  EXPECT_ERROR(MakeSada({.variant = Variant::kFlux, .as_published = true}), "as_published: the variant \"flux\"");
  EXPECT_ERROR(MakeSada({.beta_end = 0.02}), "beta_end: only with as_published");
}

}  // namespace
}  // namespace skipbench
