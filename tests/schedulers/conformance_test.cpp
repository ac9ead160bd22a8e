// What harness/schedulers/scheduler.h promises of every scheduler: one body for the examples of each (conformance.h).
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "harness/schedulers/catalog.h"
#include "harness/schedulers/ddim.h"
#include "harness/schedulers/dpm_solver_multistep.h"
#include "harness/schedulers/euler.h"
#include "harness/schedulers/pndm.h"
#include "tests/schedulers/conformance.h"
#include "tests/support/fixtures.h"

namespace skipbench {
namespace {

// A bounded stand-in for a network.
at::Tensor Network(const at::Tensor& x, double t) {
  return at::sin(x.to(at::kFloat) * 1.5 + t / 300).mul_(0.8).to(x.scalar_type());
}

at::Tensor Noise(int call, at::IntArrayRef shape) {
  return at::sin(at::arange(at::empty(shape).numel(), at::kFloat) * (1.7 + 0.31 * call) + call)
      .reshape(shape)
      .mul_(1.4);
}

struct Trajectory {
  at::Tensor x;
  SchedulerState state;
};

Trajectory Start(const Scheduler& scheduler, at::IntArrayRef shape) {
  return {Noise(-1, shape) * scheduler.init_noise_sigma(), {}};
}

at::Tensor NoiseFor(const Scheduler& scheduler, int call, at::IntArrayRef shape) {
  return scheduler.UsesNoise(call) ? Noise(call, shape) : at::Tensor();
}

// Calls [from, to); noise of row r is that of the whole batch's row rows[r] if given.
Trajectory Sample(const Scheduler& scheduler, Trajectory t, int from, int to, at::IntArrayRef noise_shape = {},
                  std::vector<int64_t> rows = {}) {
  for (int call = from; call < to; ++call) {
    const at::Tensor output = Network(scheduler.ScaleModelInput(t.x, call), scheduler.timestep(call));
    at::Tensor noise = NoiseFor(scheduler, call, noise_shape.empty() ? t.x.sizes() : noise_shape);
    if (noise.defined() && !rows.empty()) noise = noise.index_select(0, at::tensor(rows));
    StepResult next = scheduler.Step(t.x, output, call, t.state, noise);
    t = {next.sample, next.state};
  }
  return t;
}

std::shared_ptr<const Scheduler> Make(const Setting& setting, int steps) {
  return MakeScheduler(setting.type, Json::object(), setting.options, steps, "test");
}

TEST_P(SchedulerConformance, DescribesItsCalls) {
  const auto scheduler = Make(GetParam(), 20);
  EXPECT_EQ(scheduler->type(), GetParam().type);
  EXPECT_EQ(scheduler->steps(), 20);
  ASSERT_GE(scheduler->calls(), 20);
  for (int i = 0; i < scheduler->calls(); ++i) {
    EXPECT_GE(scheduler->timestep(i), 0);
    EXPECT_LE(scheduler->timestep(i), 1000);  // 1000 is the pure noise of flow matching
    EXPECT_LE(scheduler->timestep(i), scheduler->timestep(std::max(i - 1, 0)));
  }
  EXPECT_GT(scheduler->init_noise_sigma(), 0);
  EXPECT_EQ(MakeScheduler(scheduler->type(), Json::object(), GetParam().options, 20, "test")->calls(),
            scheduler->calls());
}

TEST_P(SchedulerConformance, HasNoOtherCalls) {
  const auto scheduler = Make(GetParam(), 10);
  const at::Tensor x = at::zeros({1, 2});
  for (int call : {-1, scheduler->calls()}) {
    EXPECT_ERROR(scheduler->timestep(call), "there is no call");
    EXPECT_ERROR(scheduler->UsesNoise(call), "there is no call");
    EXPECT_ERROR(scheduler->Step(x, x, call, {}, x), "there is no call");
  }
}

TEST_P(SchedulerConformance, ACopiedStateContinuesTheSame) {
  const auto scheduler = Make(GetParam(), 12);
  const int calls = scheduler->calls();
  const at::Tensor whole = Sample(*scheduler, Start(*scheduler, {2, 3, 5, 7}), 0, calls).x;
  for (int middle = 0; middle < calls; ++middle) {
    const Trajectory first = Sample(*scheduler, Start(*scheduler, {2, 3, 5, 7}), 0, middle);
    Trajectory kept = first;
    std::vector<at::Tensor> before = {first.x.clone()};
    for (const at::Tensor& t : first.state.history) before.push_back(t.clone());
    EXPECT_TRUE(at::equal(Sample(*scheduler, first, middle, calls).x, whole)) << "from call " << middle;
    // Nothing the first continuation did may show in the state it started from.
    EXPECT_TRUE(at::equal(kept.x, before[0]));
    for (size_t i = 0; i < kept.state.history.size(); ++i) EXPECT_TRUE(at::equal(kept.state.history[i], before[i + 1]));
    EXPECT_TRUE(at::equal(Sample(*scheduler, kept, middle, calls).x, whole)) << "again from call " << middle;
  }
}

TEST_P(SchedulerConformance, RowsAreIndependent) {
  const auto scheduler = Make(GetParam(), 12);
  const std::vector<int64_t> shape = {3, 3, 5, 7};
  const Trajectory start = Start(*scheduler, shape);
  const at::Tensor all = Sample(*scheduler, start, 0, scheduler->calls()).x;
  for (const std::vector<int64_t>& rows : {std::vector<int64_t>{0}, {1}, {2}, {2, 0, 1}, {1, 1}}) {
    const Trajectory some = {start.x.index_select(0, at::tensor(rows)), {}};
    const at::Tensor x = Sample(*scheduler, some, 0, scheduler->calls(), shape, rows).x;
    EXPECT_TRUE(at::equal(x, all.index_select(0, at::tensor(rows)))) << ::testing::PrintToString(rows);
  }
}

TEST_P(SchedulerConformance, ARowOfTheStateCanChangeBatch) {
  const auto scheduler = Make(GetParam(), 12);
  const std::vector<int64_t> shape = {3, 3, 5, 7};
  const Trajectory start = Start(*scheduler, shape);
  const int middle = scheduler->calls() / 2;
  const at::Tensor all = Sample(*scheduler, start, 0, scheduler->calls()).x;
  Trajectory one = Sample(*scheduler, start, 0, middle);
  one.x = one.x.slice(0, 1, 2);
  for (at::Tensor& t : one.state.history) {
    ASSERT_EQ(t.size(0), 3) << "the state has a row for each sample";
    t = t.slice(0, 1, 2);
  }
  EXPECT_TRUE(at::equal(Sample(*scheduler, one, middle, scheduler->calls(), shape, {1}).x, all.slice(0, 1, 2)));
}

TEST_P(SchedulerConformance, UsesNoiseIsHonest) {
  const auto scheduler = Make(GetParam(), 16);
  // With zeros everywhere even the smallest noise shows.
  const at::Tensor zero = at::zeros({1, 2, 4});
  SchedulerState state;
  for (int call = 0; call < scheduler->calls(); ++call) {
    auto step = [&](const at::Tensor& noise) { return scheduler->Step(zero, zero, call, state, noise).sample; };
    const at::Tensor a = Noise(1, zero.sizes());
    const at::Tensor b = Noise(2, zero.sizes());
    EXPECT_TRUE(at::equal(step(a), step(a)));
    EXPECT_EQ(!at::equal(step(a), step(b)), scheduler->UsesNoise(call)) << "call " << call;
    if (scheduler->UsesNoise(call)) {
      EXPECT_ERROR(step(at::Tensor()), "noise");
      EXPECT_ERROR(step(at::zeros({2, 2, 4})), "noise");
    } else {
      EXPECT_TRUE(at::equal(step(at::Tensor()), step(a)));
    }
    state = scheduler->Step(zero, zero, call, state, zero).state;
  }
}

TEST_P(SchedulerConformance, WritesToNothingItIsGiven) {
  const auto scheduler = Make(GetParam(), 8);
  Trajectory t = Start(*scheduler, {2, 2, 3});
  for (int call = 0; call < scheduler->calls(); ++call) {
    const at::Tensor output = Network(scheduler->ScaleModelInput(t.x, call), scheduler->timestep(call));
    const at::Tensor noise = Noise(call, t.x.sizes());
    const at::Tensor x_before = t.x.clone(), output_before = output.clone(), noise_before = noise.clone();
    StepResult next = scheduler->Step(t.x, output, call, t.state, noise);
    EXPECT_TRUE(at::equal(t.x, x_before) && at::equal(output, output_before) && at::equal(noise, noise_before));
    // The new sample is no alias of an input: whoever owns those may write to them.
    EXPECT_NE(next.sample.const_data_ptr(), t.x.const_data_ptr());
    EXPECT_NE(next.sample.const_data_ptr(), output.const_data_ptr());
    t = {next.sample, next.state};
  }
}

TEST_P(SchedulerConformance, AnyNumberOfStepsRunsOrSaysWhyNot) {
  for (int steps : {1, 2, 3, 4, 10, 14, 15, 50, 61, 499, 999, 1000}) {
    SCOPED_TRACE(steps);
    std::shared_ptr<const Scheduler> scheduler;
    try {
      scheduler = Make(GetParam(), steps);
    } catch (const Error& e) {
      EXPECT_TRUE(steps < 4 || steps > 498) << e.what();  // nobody refuses a usual number
      EXPECT_NE(std::string(e.what()).find("steps"), std::string::npos) << e.what();
      continue;
    }
    EXPECT_GE(scheduler->calls(), steps);
    const at::Tensor x = Sample(*scheduler, Start(*scheduler, {1, 2, 2}), 0, scheduler->calls()).x;
    EXPECT_TRUE(at::isfinite(x).all().item<bool>());
    EXPECT_LT(x.abs().max().item<float>(), 1e3);
  }
  EXPECT_ERROR(Make(GetParam(), 0), "number of steps");
  EXPECT_ERROR(Make(GetParam(), -3), "number of steps");
  EXPECT_ERROR(Make(GetParam(), 2'000'000), "number of steps");
}

TEST_P(SchedulerConformance, KeepsTheTypeOfTheSample) {
  const auto scheduler = Make(GetParam(), 10);
  for (auto [dtype, epsilon] :
       {std::pair(at::kHalf, 1e-3), std::pair(at::kBFloat16, 8e-3), std::pair(at::kDouble, 1e-6)}) {
    // One step from the same state each time: what separates the types is rounding, not a diverging trajectory.
    Trajectory t = Start(*scheduler, {2, 3, 4});
    for (int call = 0; call < scheduler->calls(); ++call) {
      const at::Tensor output = Network(scheduler->ScaleModelInput(t.x, call), scheduler->timestep(call));
      const at::Tensor noise = NoiseFor(*scheduler, call, t.x.sizes());
      SchedulerState state = t.state;
      for (at::Tensor& h : state.history) h = h.to(dtype);
      const StepResult other = scheduler->Step(t.x.to(dtype), output.to(dtype), call, state, noise);
      const StepResult next = scheduler->Step(t.x, output, call, t.state, noise);
      EXPECT_EQ(other.sample.scalar_type(), dtype);
      EXPECT_EQ(scheduler->ScaleModelInput(t.x.to(dtype), call).scalar_type(), dtype);
      // x0 = (x - sigma eps)/alpha magnifies rounding where alpha is small.
      const double scale = 1 + t.x.abs().max().item<double>() + next.sample.abs().max().item<double>();
      EXPECT_LT(testing::MaxAbsDiff(other.sample, next.sample), 20 * epsilon * scale)
          << "call " << call << " " << dtype;
      t = {next.sample, next.state};
    }
  }
}

TEST_P(SchedulerConformance, RefusesTensorsThatDoNotFit) {
  const auto scheduler = Make(GetParam(), 6);
  const at::Tensor x = at::ones({2, 3});
  const at::Tensor noise = at::ones({2, 3});
  EXPECT_ERROR(scheduler->Step(x, at::ones({2, 4}), 0, {}, noise), "[2, 4]");
  EXPECT_ERROR(scheduler->Step(x, at::ones({1, 3}), 0, {}, noise), "[1, 3]");
  EXPECT_ERROR(scheduler->Step(at::Tensor(), x, 0, {}, noise), "no sample");
  EXPECT_ERROR(scheduler->Step(x, at::Tensor(), 0, {}, noise), "no model output");
  EXPECT_ERROR(scheduler->Step(x.to(at::kLong), x, 0, {}, noise), "floating-point");
  EXPECT_ERROR(scheduler->Step(x, at::empty({2, 3}, at::TensorOptions(at::kMeta)), 0, {}, noise),
               "the model output on meta");
  // A state of another call, or of none.
  EXPECT_ERROR(scheduler->Step(x, x, 0, {{x, x, x, x, x, x}}, noise), "the state holds 6 tensors");
  SchedulerState state = scheduler->Step(x, x, 0, {}, noise).state;
  if (!state.history.empty()) {
    EXPECT_ERROR(scheduler->Step(x, x, 1, {}, noise), "the state holds 0 tensors");
    state.history[0] = at::ones({3, 3});
    EXPECT_ERROR(scheduler->Step(x, x, 1, state, noise), "[3, 3]");
  }
}

bool HasExamples(const std::string& type) {
  const auto& tests = *::testing::UnitTest::GetInstance();
  for (int s = 0; s < tests.total_test_suite_count(); ++s) {
    const auto& suite = *tests.GetTestSuite(s);
    for (int t = 0; std::string(suite.name()).ends_with("/SchedulerConformance") && t < suite.total_test_count(); ++t) {
      const std::string name = suite.GetTestInfo(t)->name();
      if (name.substr(name.rfind('/') + 1).starts_with(type + "_At_")) return true;
    }
  }
  return false;
}

TEST(SchedulerCatalog, EveryTypeHasAnExample) {
  for (const auto& type : SchedulerTypes())
    EXPECT_TRUE(HasExamples(type.name)) << type.name << " has no SCHEDULER_EXAMPLES (tests/schedulers/conformance.h)";
}

TEST(SchedulerCatalog, EveryOptionIsListedWithHelpAndHoldsItsLimits) {
  for (const auto& type : SchedulerTypes()) {
    EXPECT_FALSE(type.summary.empty()) << type.name;
    for (const auto& option : type.options) {
      SCOPED_TRACE(type.name + "." + option.name);
      if (option.from_file) continue;
      EXPECT_FALSE(option.help.empty());
      const auto refused = [&](const Json& value) {
        const Json options = {{option.name, value}};
        EXPECT_ERROR(MakeScheduler(type.name, {}, options, 10, "test"),
                     "options of scheduler " + type.name + ": " + option.name + ": ");
      };
      refused(Json::object());
      for (const auto& [limit, step] : {std::pair(option.min, -1.0), std::pair(option.max, 1.0)})
        if (limit.is_number())
          refused(limit.is_number_integer() ? Json(limit.get<int64_t>() + static_cast<int64_t>(step))
                                            : Json(limit.get<double>() + step));
      if (option.supported && option.kind == OptionKind::kText) refused("magic");
    }
  }
}

// A default that is listed is the one in force: said aloud it makes the same calls.
TEST(SchedulerCatalog, ListedDefaultsAreThoseInForce) {
  for (const auto& type : SchedulerTypes()) {
    const BuiltScheduler plain = BuildScheduler(type.name, {}, {}, 12, "test");
    for (const auto& option : plain.options) {
      SCOPED_TRACE(type.name + "." + option.key);
      EXPECT_EQ(option.source, OptionSource::kDefault);
      const auto listed = std::find_if(type.options.begin(), type.options.end(),
                                       [&](const OptionSpec& spec) { return spec.name == option.key; });
      ASSERT_NE(listed, type.options.end());
      if (listed->from_file || option.key.starts_with("sigma_m")) continue;  // computed from the others
      EXPECT_EQ(listed->fallback, option.value.is_string()         ? option.value.get<std::string>()
                                  : option.value.is_number_float() ? fmt::format("{}", option.value.get<double>())
                                                                   : option.value.dump());
      const BuiltScheduler said = BuildScheduler(type.name, {}, {{option.key, option.value}}, 12, "test");
      ASSERT_EQ(said.scheduler->calls(), plain.scheduler->calls());
      for (int call = 0; call < said.scheduler->calls(); ++call)
        EXPECT_EQ(said.scheduler->timestep(call), plain.scheduler->timestep(call));
      for (const auto& other : said.options)
        if (other.key == option.key) EXPECT_EQ(other.source, OptionSource::kUser);
    }
  }
}

TEST(SchedulerCatalog, LimitsHoldForOptionsBuiltInCpp) {
  EXPECT_ERROR(MakeDdim({.eta = 2}, 10), "ddim: eta: expected a number in [0, 1], found 2");
  EXPECT_ERROR(MakeDdim({.prediction_type = "flow"}, 10),
               "ddim: prediction_type: \"flow\" is not supported by ddim; supported: epsilon, sample, v_prediction");
  EXPECT_ERROR(MakeDdim({.noise = {.beta_end = 3}}, 10), "ddim: beta_end: expected a number in [0, 1], found 3");
  EXPECT_ERROR(MakeEuler({.rules = {.use_karras_sigmas = true, .use_beta_sigmas = true}}, 10),
               "euler: use_karras_sigmas: only one of");
  EXPECT_ERROR(MakeDpmSolverMultistep({.solver_order = 4}, 10),
               "dpm_solver_multistep: solver_order: expected an integer in [1, 3], found 4");
  EXPECT_ERROR(MakePndm({.spacing = {.offset = -1}}, 10),
               "pndm: steps_offset: expected an integer in [0, 1000000], found -1");
  EXPECT_EQ(MakeDdim({}, 10)->timestep(0), MakeScheduler("ddim", {}, {}, 10, "test")->timestep(0));
  EXPECT_EQ(MakeEuler({}, 10)->timestep(3), MakeScheduler("euler", {}, {}, 10, "test")->timestep(3));
}

}  // namespace
}  // namespace skipbench
