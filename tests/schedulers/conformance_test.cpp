// One body for every scheduler: what harness/schedulers/scheduler.h promises of all of them.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>

#include "harness/schedulers/scheduler.h"
#include "tests/support/fixtures.h"

namespace skipbench {
namespace {

struct Setting {
  std::string name;
  std::string type;
  Json options;
};

std::string NameOf(const ::testing::TestParamInfo<Setting>& info) { return info.param.name; }

std::vector<Setting> Settings() {
  return {
      {"Ddim", "ddim", {{"clip_sample", false}}},
      {"DdimClipped", "ddim", {{"prediction_type", "v_prediction"}, {"timestep_spacing", "trailing"}}},
      {"DdimEta", "ddim", {{"eta", 1.0}}},
      {"DdimThreshold", "ddim", {{"thresholding", true}, {"sample_max_value", 1.5}, {"eta", 0.5}}},
      {"DdimZeroSnr", "ddim",
       {{"rescale_betas_zero_snr", true}, {"prediction_type", "v_prediction"}, {"timestep_spacing", "trailing"}}},
      {"DdimSample", "ddim", {{"prediction_type", "sample"}}},
      {"DdimQuadratic", "ddim_quadratic", Json::object()},
      {"Ddpm", "ddpm", Json::object()},
      {"DdpmLarge", "ddpm", {{"variance_type", "fixed_large"}, {"timestep_spacing", "linspace"}}},
      {"DdpmLog", "ddpm", {{"variance_type", "fixed_small_log"}, {"steps_offset", 1}}},
      {"Pndm", "pndm", {{"skip_prk_steps", true}}},
      {"PndmRungeKutta", "pndm", {{"prediction_type", "v_prediction"}}},
      {"Euler", "euler", Json::object()},
      {"EulerKarras", "euler", {{"use_karras_sigmas", true}, {"prediction_type", "v_prediction"}}},
      {"EulerSample", "euler", {{"prediction_type", "sample"}, {"timestep_spacing", "leading"}}},
      {"EulerAncestral", "euler_ancestral", {{"timestep_spacing", "trailing"}}},
      {"Dpm1", "dpm_solver_multistep", {{"solver_order", 1}}},
      {"Dpm2", "dpm_solver_multistep", Json::object()},
      {"Dpm2Heun", "dpm_solver_multistep", {{"solver_type", "heun"}, {"timestep_spacing", "leading"}}},
      {"Dpm2Threshold", "dpm_solver_multistep", {{"thresholding", true}}},
      {"Dpm3", "dpm_solver_multistep", {{"solver_order", 3}, {"use_karras_sigmas", true}}},
      {"DpmPlain3", "dpm_solver_multistep",
       {{"solver_order", 3}, {"algorithm_type", "dpmsolver"}, {"final_sigmas_type", "sigma_min"}, {"thresholding", true}}},
      {"DpmSde2", "dpm_solver_multistep", {{"algorithm_type", "sde-dpmsolver++"}}},
      {"DpmSde3", "dpm_solver_multistep", {{"algorithm_type", "sde-dpmsolver++"}, {"solver_order", 3}}},
      {"DpmSdePlain", "dpm_solver_multistep", {{"algorithm_type", "sde-dpmsolver"}, {"final_sigmas_type", "sigma_min"}}},
  };
}

// A bounded stand-in for a network.
at::Tensor Network(const at::Tensor& x, double t) { return at::sin(x.to(at::kFloat) * 1.5 + t / 300).mul_(0.8).to(x.scalar_type()); }

at::Tensor Noise(int call, at::IntArrayRef shape) {
  return at::sin(at::arange(at::empty(shape).numel(), at::kFloat) * (1.7 + 0.31 * call) + call).reshape(shape).mul_(1.4);
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

class Conformance : public ::testing::TestWithParam<Setting> {
 protected:
  std::shared_ptr<const Scheduler> Make(int steps) const {
    return MakeScheduler(GetParam().type, Json::object(), GetParam().options, steps, "test");
  }
};

TEST_P(Conformance, DescribesItsCalls) {
  const auto scheduler = Make(20);
  EXPECT_EQ(scheduler->type(), GetParam().type);
  EXPECT_EQ(scheduler->steps(), 20);
  ASSERT_GE(scheduler->calls(), 20);
  bool any_noise = false;
  for (int i = 0; i < scheduler->calls(); ++i) {
    EXPECT_GE(scheduler->timestep(i), 0);
    EXPECT_LT(scheduler->timestep(i), 1000);
    EXPECT_LE(scheduler->timestep(i), scheduler->timestep(std::max(i - 1, 0)));
    any_noise |= scheduler->UsesNoise(i);
  }
  EXPECT_EQ(scheduler->stochastic(), any_noise);
  EXPECT_GT(scheduler->init_noise_sigma(), 0);
  EXPECT_EQ(MakeScheduler(scheduler->type(), Json::object(), GetParam().options, 20, "test")->calls(), scheduler->calls());
}

TEST_P(Conformance, HasNoOtherCalls) {
  const auto scheduler = Make(10);
  const at::Tensor x = at::zeros({1, 2});
  for (int call : {-1, scheduler->calls()}) {
    EXPECT_ERROR(scheduler->timestep(call), "there is no call");
    EXPECT_ERROR(scheduler->UsesNoise(call), "there is no call");
    EXPECT_ERROR(scheduler->Step(x, x, call, {}, x), "there is no call");
  }
}

TEST_P(Conformance, ACopiedStateContinuesTheSame) {
  const auto scheduler = Make(12);
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

TEST_P(Conformance, RowsAreIndependent) {
  const auto scheduler = Make(12);
  const std::vector<int64_t> shape = {3, 3, 5, 7};
  const Trajectory start = Start(*scheduler, shape);
  const at::Tensor all = Sample(*scheduler, start, 0, scheduler->calls()).x;
  for (const std::vector<int64_t>& rows : {std::vector<int64_t>{0}, {1}, {2}, {2, 0, 1}, {1, 1}}) {
    const Trajectory some = {start.x.index_select(0, at::tensor(rows)), {}};
    const at::Tensor x = Sample(*scheduler, some, 0, scheduler->calls(), shape, rows).x;
    EXPECT_TRUE(at::equal(x, all.index_select(0, at::tensor(rows)))) << ::testing::PrintToString(rows);
  }
}

TEST_P(Conformance, ARowOfTheStateCanChangeBatch) {
  const auto scheduler = Make(12);
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

TEST_P(Conformance, UsesNoiseIsHonest) {
  const auto scheduler = Make(16);
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

TEST_P(Conformance, WritesToNothingItIsGiven) {
  const auto scheduler = Make(8);
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

TEST_P(Conformance, AnyNumberOfStepsRunsOrSaysWhyNot) {
  for (int steps : {1, 2, 3, 4, 10, 14, 15, 50, 61, 499, 999, 1000}) {
    SCOPED_TRACE(steps);
    std::shared_ptr<const Scheduler> scheduler;
    try {
      scheduler = Make(steps);
    } catch (const Error& e) {
      EXPECT_TRUE(steps < 4 || steps > 498) << e.what();   // nobody refuses a usual number
      EXPECT_NE(std::string(e.what()).find("steps"), std::string::npos) << e.what();
      continue;
    }
    EXPECT_GE(scheduler->calls(), steps);
    const at::Tensor x = Sample(*scheduler, Start(*scheduler, {1, 2, 2}), 0, scheduler->calls()).x;
    EXPECT_TRUE(at::isfinite(x).all().item<bool>());
    EXPECT_LT(x.abs().max().item<float>(), 1e3);
  }
  EXPECT_ERROR(Make(0), "number of steps");
  EXPECT_ERROR(Make(-3), "number of steps");
  EXPECT_ERROR(Make(2'000'000), "number of steps");
}

TEST_P(Conformance, KeepsTheTypeOfTheSample) {
  const auto scheduler = Make(10);
  for (auto [dtype, epsilon] : {std::pair(at::kHalf, 1e-3), std::pair(at::kBFloat16, 8e-3), std::pair(at::kDouble, 1e-6)}) {
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
      EXPECT_LT(testing::MaxAbsDiff(other.sample, next.sample), 20 * epsilon * scale) << "call " << call << " " << dtype;
      t = {next.sample, next.state};
    }
  }
}

TEST_P(Conformance, RefusesTensorsThatDoNotFit) {
  const auto scheduler = Make(6);
  const at::Tensor x = at::ones({2, 3});
  const at::Tensor noise = at::ones({2, 3});
  EXPECT_ERROR(scheduler->Step(x, at::ones({2, 4}), 0, {}, noise), "[2, 4]");
  EXPECT_ERROR(scheduler->Step(x, at::ones({1, 3}), 0, {}, noise), "[1, 3]");
  EXPECT_ERROR(scheduler->Step(at::Tensor(), x, 0, {}, noise), "no sample");
  EXPECT_ERROR(scheduler->Step(x, at::Tensor(), 0, {}, noise), "no model output");
  EXPECT_ERROR(scheduler->Step(x.to(at::kLong), x, 0, {}, noise), "floating-point");
  EXPECT_ERROR(scheduler->Step(x, at::empty({2, 3}, at::TensorOptions(at::kMeta)), 0, {}, noise), "the model output on meta");
  // A state of another call, or of none.
  EXPECT_ERROR(scheduler->Step(x, x, 0, {{x, x, x, x, x, x}}, noise), "the state holds 6 tensors");
  SchedulerState state = scheduler->Step(x, x, 0, {}, noise).state;
  if (!state.history.empty()) {
    EXPECT_ERROR(scheduler->Step(x, x, 1, {}, noise), "the state holds 0 tensors");
    state.history[0] = at::ones({3, 3});
    EXPECT_ERROR(scheduler->Step(x, x, 1, state, noise), "[3, 3]");
  }
}

INSTANTIATE_TEST_SUITE_P(Schedulers, Conformance, ::testing::ValuesIn(Settings()), NameOf);

TEST(SchedulerCatalog, EveryTypeConforms) {
  for (const std::string& type : SchedulerTypes()) {
    bool found = false;
    for (const Setting& setting : Settings()) found |= setting.type == type;
    EXPECT_TRUE(found) << type << " is not among the settings of this test";
  }
}

}  // namespace
}  // namespace skipbench
