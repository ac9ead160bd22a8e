#include <gtest/gtest.h>

#include "methods/adaptive_diffusion/adaptive_diffusion.h"
#include "methods/full_step/full_step.h"
#include "tests/sampling/fake_run.h"
#include "tests/sampling/random_method.h"
#include "tests/support/fixtures.h"

namespace skipbench {
namespace {

using testing::DistinctPredictions;
using testing::FakeDenoiser;
using testing::FakeRun;
using testing::FakeScheduler;
using testing::RandomMethod;
using testing::RandomOptions;

TreeOptions KeepAll(int64_t batch) {
  TreeOptions options;
  options.batch_size = batch;
  options.keep_latents = true;
  options.keep_predictions = true;
  return options;
}

TEST(TrajectoryTree, EqualsSeparateRunsForRandomPolicies) {
  for (bool stochastic : {false, true}) {
    const FakeRun run{FakeScheduler(14, stochastic), 3};
    std::vector<RandomMethod> methods;
    for (uint64_t seed = 0; seed < 8; ++seed)
      methods.emplace_back(seed, static_cast<int>(3 + seed % 5), seed % 3 == 2 ? Scope::kGroup : Scope::kSample);
    std::vector<const Method*> together;
    for (const auto& method : methods) together.push_back(&method);
    TreeOptions options = KeepAll(4);
    options.group_size = 2;
    FakeDenoiser shared;
    const TreeResult tree = run.Run(together, options, &shared);
    EXPECT_EQ(tree.full_evaluations, DistinctPredictions(tree));
    EXPECT_EQ(tree.full_evaluations, shared.full());
    EXPECT_EQ(tree.shallow_evaluations, shared.shallow());
    EXPECT_EQ(tree.macs.matmuls, 20.0 * shared.full() + 4.0 * shared.shallow());
    EXPECT_LE(shared.largest_batch, 4);
    int64_t separate = 0;
    for (size_t k = 0; k < methods.size(); ++k) {
      FakeDenoiser own;
      const TreeResult alone = run.Run({&methods[k]}, options, &own);
      separate += alone.full_evaluations;
      for (int64_t s = 0; s < run.samples; ++s) {
        const auto& a = tree.records[k][s];
        const auto& b = alone.records[0][s];
        EXPECT_EQ(a.decisions, b.decisions);
        testing::ExpectSameTraces(a.trace, b.trace);
        ASSERT_EQ(a.latents.size(), 15u);
        for (size_t i = 0; i < a.latents.size(); ++i) EXPECT_TRUE(at::equal(a.latents[i], b.latents[i])) << i;
        for (size_t i = 0; i < a.predictions.size(); ++i)
          EXPECT_TRUE(at::equal(a.predictions[i], b.predictions[i])) << i;
      }
    }
    EXPECT_LT(tree.full_evaluations, separate);
  }
}

// Alone in its call an element's value depends on nothing else, so the tree's latents are the loop's in every bit; sums
// are the same up to the order in which float64 adds them.
void ExpectEqualsReferenceLoop(const FakeRun& run, const std::vector<const Method*>& settings) {
  TreeOptions options = KeepAll(16);
  options.batch_invariant = true;
  FakeDenoiser shared;
  const TreeResult tree = run.Run(settings, options, &shared);
  int64_t separate = 0;
  for (size_t k = 0; k < settings.size(); ++k)
    for (int64_t s = 0; s < run.samples; ++s) {
      FakeDenoiser own;
      const TrajectoryRecord loop = run.RunAlone(*settings[k], s, &own);
      const TrajectoryRecord& record = tree.records[k][s];
      separate += own.full();
      EXPECT_EQ(record.decisions, loop.decisions) << settings[k]->Label();
      EXPECT_EQ(record.unconditional, loop.unconditional) << settings[k]->Label();
      EXPECT_TRUE(at::equal(record.final_latent, loop.final_latent));
      ASSERT_EQ(record.latents.size(), loop.latents.size());
      for (size_t i = 0; i < loop.latents.size(); ++i) EXPECT_TRUE(at::equal(record.latents[i], loop.latents[i])) << i;
      for (size_t i = 0; i < loop.predictions.size(); ++i)
        EXPECT_TRUE(at::equal(record.predictions[i], loop.predictions[i])) << i;
      ASSERT_EQ(record.trace.size(), loop.trace.size());
      for (const auto& [name, values] : loop.trace)
        for (size_t i = 0; i < values.size(); ++i)
          if (std::isnan(values[i]))
            EXPECT_TRUE(std::isnan(record.trace.at(name)[i])) << name << " " << i;
          else
            EXPECT_NEAR(record.trace.at(name)[i], values[i], 1e-12 * (1 + std::abs(values[i]))) << name << " " << i;
    }
  EXPECT_LT(shared.full(), separate) << "nothing was shared";
}

TEST(TrajectoryTree, EqualsTheReferenceLoopForRandomPolicies) {
  for (bool stochastic : {false, true}) {
    std::vector<RandomMethod> methods;
    for (uint64_t seed = 0; seed < 6; ++seed) methods.emplace_back(seed, static_cast<int>(3 + seed % 5));
    std::vector<const Method*> settings;
    for (const auto& method : methods) settings.push_back(&method);
    ExpectEqualsReferenceLoop(FakeRun{FakeScheduler(14, stochastic), 3}, settings);
  }
}

// Every way in which rows decide, with weighted sums and probes: the tree shares, the loop does not.
TEST(TrajectoryTree, EqualsTheReferenceLoopForAllThatAMethodMayDo) {
  using enum GuidanceScope;
  for (bool stochastic : {false, true})
    for (const auto& kinds : {std::vector{kJoint}, std::vector{kConditional}, std::vector{kUnconditional},
                              std::vector{kSeparate}, std::vector{kJoint, kSeparate, kConditional, kUnconditional}}) {
      std::vector<RandomMethod> methods;
      for (uint64_t seed = 0; seed < 6; ++seed)
        methods.emplace_back(seed, RandomOptions{.agree_until = static_cast<int>(3 + seed % 5),
                                                 .halves = kinds[seed % kinds.size()],
                                                 .combines = true,
                                                 .probes = true});
      std::vector<const Method*> settings;
      for (const auto& method : methods) settings.push_back(&method);
      ExpectEqualsReferenceLoop(FakeRun{FakeScheduler(14, stochastic), 3}, settings);
    }
}

TEST(TrajectoryTree, EqualsTheReferenceLoopForAdaptiveMethods) {
  const auto loose = MakeAdaptiveDiffusion({.delta = 0.3}), tight = MakeAdaptiveDiffusion({.delta = 0.05});
  const auto full = MakeFullStep();
  ExpectEqualsReferenceLoop(FakeRun{FakeScheduler(12), 3}, {full.get(), loose.get(), tight.get()});
}

TEST(TrajectoryTree, ResultDoesNotDependOnBatchSizeOrNeighbours) {
  const RandomMethod method(5, 1);
  TreeOptions one = KeepAll(1), many = KeepAll(16);
  one.batch_invariant = many.batch_invariant = true;
  FakeDenoiser d1, d2;
  const TreeResult a = FakeRun{FakeScheduler(10, true), 1}.Run({&method}, one, &d1);
  const TreeResult b = FakeRun{FakeScheduler(10, true), 5}.Run({&method}, many, &d2);
  EXPECT_EQ(d2.largest_batch, 1);
  EXPECT_TRUE(at::equal(a.records[0][0].final_latent, b.records[0][0].final_latent));
}

TEST(TrajectoryTree, ReuseIsTheLastRawOutputAndTheSchedulerSteps) {
  struct SkipOdd : Method {
    std::string type() const override { return "skip_odd"; }
    std::string Label() const override { return "skip_odd"; }
    struct P : Policy {
      Decision Decide(int call) override { return {call % 2 ? Action::kReuse : Action::kPredict}; }
      void Observe(int, const Observation&) override {}
      std::unique_ptr<Policy> Clone() const override { return std::make_unique<P>(*this); }
    };
    std::unique_ptr<Policy> Start(const RunShape&) const override { return std::make_unique<P>(); }
  } skip;
  FakeDenoiser denoiser;
  const TreeResult result = FakeRun{FakeScheduler(6), 2}.Run({&skip}, KeepAll(8), &denoiser);
  EXPECT_EQ(denoiser.full(), 6);
  for (const auto& record : result.records[0]) {
    for (int call = 1; call < 6; call += 2) {
      EXPECT_TRUE(at::equal(record.predictions[call], record.predictions[call - 1]));
      EXPECT_FALSE(at::equal(record.latents[call + 1], record.latents[call]));
    }
    EXPECT_FALSE(at::equal(record.predictions[2], record.predictions[1]));
  }
}

TEST(TrajectoryTree, InitialNoiseIsScaledAndKeptFirst) {
  FakeDenoiser denoiser;
  const auto full = MakeFullStep();
  const TreeResult result = FakeRun{FakeScheduler(3), 2}.Run({full.get()}, KeepAll(8), &denoiser);
  const at::Tensor noise = CounterNoise(3)->Open(101, 1, testing::kShape)->Draw(0);
  EXPECT_TRUE(at::equal(result.records[0][1].latents[0], noise * 2));
  EXPECT_TRUE(at::equal(result.records[0][1].latents[3], result.records[0][1].final_latent));
}

// The sums that a policy sees are those of its own trajectory, recomputed here from the kept latents in float64.
TEST(TrajectoryTree, ObservationsAreTheTrajectorysOwnDifferences) {
  const auto method = MakeAdaptiveDiffusion({.delta = 0.3, .criterion = AdaptiveDiffusionOptions::Criterion::kTensor});
  const auto other = MakeAdaptiveDiffusion({.delta = 0.05});
  FakeDenoiser denoiser;
  const TreeResult result = FakeRun{FakeScheduler(12), 3}.Run({other.get(), method.get()}, KeepAll(8), &denoiser);
  for (const auto& record : result.records[1]) {
    for (int call = 3; call < 12; ++call) {
      auto x = [&](int i) { return record.latents[i + 1].to(at::kDouble); };
      const double third = (x(call) - 3 * x(call - 1) + 3 * x(call - 2) - x(call - 3)).abs().mean().item<double>();
      const double first = (x(call - 1) - x(call - 2)).abs().mean().item<double>();
      const double criterion = record.trace.at("criterion")[call];
      if (record.trace.at("forced")[call] == 1) continue;
      EXPECT_NEAR(criterion, third, 1e-6 * first);
      EXPECT_NEAR(record.trace.at("threshold")[call], 0.3 * first, 1e-6 * first);
      if (call + 1 < 12)
        EXPECT_EQ(record.decisions[call + 1].action == Action::kReuse, criterion < record.trace.at("threshold")[call]);
    }
  }
}

class NanDenoiser : public FakeDenoiser {
 public:
  DenoiserOutput Predict(const DenoiserInput& input) override {
    DenoiserOutput output = FakeDenoiser::Predict(input);
    if (input.timestep < 600) output.model_output.select(1, input.sample.size(0) - 1).fill_(std::nan(""));
    return output;
  }
};

TEST(TrajectoryTree, LatentsThatAreNotFiniteNameSampleAndCall) {
  const auto full = MakeFullStep();
  NanDenoiser denoiser;
  EXPECT_ERROR((FakeRun{FakeScheduler(10), 3}.Run({full.get()}, KeepAll(8), &denoiser)),
               "sample 102: the latent after call 5");
}

TEST(TrajectoryTree, RulesForPolicies) {
  struct Broken : Method {
    explicit Broken(Decision first, Decision later) : first(first), later(later) {}
    Decision first, later;
    std::string type() const override { return "broken"; }
    std::string Label() const override { return "broken"; }
    struct P : Policy {
      P(Decision f, Decision l) : first(f), later(l) {}
      Decision first, later;
      Decision Decide(int call) override { return call ? later : first; }
      void Observe(int, const Observation&) override {}
      std::unique_ptr<Policy> Clone() const override { return std::make_unique<P>(*this); }
    };
    std::unique_ptr<Policy> Start(const RunShape&) const override { return std::make_unique<P>(first, later); }
  };
  FakeDenoiser denoiser;
  const FakeRun run{FakeScheduler(4), 1};
  const Broken skips_first({Action::kReuse}, {Action::kPredict}), undeclared({Action::kPredict}, Shallow({.front = 1}));
  EXPECT_ERROR(run.Run({&skips_first}, KeepAll(8), &denoiser), "first call of a trajectory must predict");
  EXPECT_ERROR(run.Run({&undeclared}, KeepAll(8), &denoiser),
               "asks in call 1 for 1 of what earlier calls kept at 1, 0 are there: Method::Keeps()");
}

}  // namespace
}  // namespace skipbench
