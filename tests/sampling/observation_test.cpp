// What a policy is shown: what its method asked for, and nothing of what others beside it did.
#include <gtest/gtest.h>

#include <cmath>
#include <memory>

#include "methods/adaptive_diffusion/adaptive_diffusion.h"
#include "tests/sampling/fake_run.h"

namespace skipbench {
namespace {

using testing::FakeDenoiser;
using testing::FakeRun;
using testing::FakeScheduler;

// What one policy saw, call by call; the tensors as "how many".
struct Seen {
  std::vector<Observation> calls;
  std::vector<size_t> tensors;
};

// Predicts, reuses twice, predicts, ...; writes down what it is shown.
class Recorder : public Method {
 public:
  explicit Recorder(Needs needs, Scope scope = Scope::kSample)
      : needs_(needs), scope_(scope), seen_(std::make_shared<Seen>()) {}
  std::string type() const override { return "recorder"; }
  std::string Label() const override {
    return fmt::format("recorder({},{})", needs_.latent_order, needs_.prediction_order);
  }
  Needs Observes() const override { return needs_; }
  Scope DecisionScope() const override { return scope_; }
  std::unique_ptr<Policy> Start(const RunShape&) const override { return std::make_unique<RecordingPolicy>(seen_); }
  const Seen& seen() const { return *seen_; }

 private:
  class RecordingPolicy : public Policy {
   public:
    explicit RecordingPolicy(std::shared_ptr<Seen> seen) : seen_(std::move(seen)) {}
    Decision Decide(int call) override { return {call % 3 == 0 ? Action::kPredict : Action::kReuse}; }
    void Observe(int, const Observation& seen) override {
      seen_->calls.push_back(seen);
      seen_->tensors.push_back(seen.latents.size());
    }
    std::unique_ptr<Policy> Clone() const override { return std::make_unique<RecordingPolicy>(*this); }

   private:
    std::shared_ptr<Seen> seen_;
  };

  Needs needs_;
  Scope scope_;
  std::shared_ptr<Seen> seen_;
};

void ExpectSums(const DifferenceSums& sums, int asked, int call) {
  EXPECT_EQ(std::isnan(sums.self_abs), asked == 0) << "call " << call;
  EXPECT_EQ(std::isnan(sums.self_square), asked == 0) << "call " << call;
  for (int order = 1; order <= 3; ++order) {
    EXPECT_EQ(std::isnan(sums.abs[order - 1]), order > asked || call < order)
        << "order " << order << " of " << asked << ", call " << call;
    EXPECT_EQ(std::isnan(sums.square[order - 1]), order > asked || call < order)
        << "order " << order << " of " << asked << ", call " << call;
  }
}

TEST(Observation, HoldsWhatWasAskedForAndNaNElsewhere) {
  for (const bool traces : {false, true}) {
    Recorder nothing({}), latents({.latent_order = 2}), predictions({.prediction_order = 1}),
        all({.latent_order = 3, .prediction_order = 3, .tensors = true});
    TreeOptions options;
    options.keep_differences = traces;
    FakeDenoiser denoiser;
    FakeRun{FakeScheduler(8), 1}.Run({&nothing, &latents, &predictions, &all}, options, &denoiser);
    for (const Recorder* one : {&nothing, &latents, &predictions, &all}) {
      SCOPED_TRACE(one->Label());
      ASSERT_EQ(one->seen().calls.size(), 8u);
      for (int call = 0; call < 8; ++call) {
        const Observation& seen = one->seen().calls[call];
        EXPECT_EQ(seen.elements, 30);
        ExpectSums(seen.latent, one->Observes().latent_order, call);
        ExpectSums(seen.prediction, one->Observes().prediction_order, call);
        EXPECT_EQ(one->seen().tensors[call], one->Observes().tensors ? 1u : 0u);
      }
    }
  }
}

TEST(Observation, SaysWhatTheCallDid) {
  Recorder one({.latent_order = 1, .prediction_order = 1});
  FakeDenoiser denoiser;
  FakeRun{FakeScheduler(8), 1}.Run({&one}, {}, &denoiser);
  for (int call = 0; call < 8; ++call) {
    const Observation& seen = one.seen().calls[call];
    EXPECT_EQ(seen.action, call % 3 == 0 ? Action::kPredict : Action::kReuse);
    if (call == 0) continue;
    EXPECT_EQ(seen.prediction.abs[0] == 0, seen.action == Action::kReuse) << "call " << call;
    EXPECT_GT(seen.latent.abs[0], 0) << "the scheduler steps on";
  }
}

// A group's sums are those of its samples, added up.
TEST(Observation, OfAGroupIsTheSumOverItsSamples) {
  const Needs needs{.latent_order = 2, .prediction_order = 1, .tensors = true};
  Recorder group(needs, Scope::kGroup);
  TreeOptions options;
  options.group_size = 2;
  FakeDenoiser denoiser;
  FakeRun{FakeScheduler(8), 2}.Run({&group}, options, &denoiser);
  ASSERT_EQ(group.seen().calls.size(), 8u);
  Recorder alone(needs);
  FakeRun{FakeScheduler(8), 2}.Run({&alone}, {}, &denoiser);
  ASSERT_EQ(alone.seen().calls.size(), 16u);  // two samples, call by call
  for (int call = 0; call < 8; ++call) {
    const Observation &both = group.seen().calls[call], &a = alone.seen().calls[2 * call],
                      &b = alone.seen().calls[2 * call + 1];
    EXPECT_EQ(both.elements, 60);
    EXPECT_EQ(group.seen().tensors[call], 2u);
    EXPECT_DOUBLE_EQ(both.latent.self_square, a.latent.self_square + b.latent.self_square);
    EXPECT_DOUBLE_EQ(both.prediction.self_abs, a.prediction.self_abs + b.prediction.self_abs);
    if (call < 2) continue;
    EXPECT_DOUBLE_EQ(both.latent.abs[1], a.latent.abs[1] + b.latent.abs[1]);
    EXPECT_TRUE(std::isnan(both.latent.abs[2]));
  }
}

// A setting decides the same whoever runs beside it and whether traces are recorded.
TEST(Observation, DoesNotDependOnTheNeighbours) {
  Recorder alone({.latent_order = 1}), beside({.latent_order = 1});
  const auto greedy = MakeAdaptiveDiffusion({.delta = 0.3, .criterion = AdaptiveDiffusionOptions::Criterion::kTensor});
  FakeDenoiser denoiser;
  FakeRun{FakeScheduler(8), 1}.Run({&alone}, {}, &denoiser);
  TreeOptions options;
  options.keep_differences = true;
  FakeRun{FakeScheduler(8), 1}.Run({greedy.get(), &beside}, options, &denoiser);
  for (int call = 0; call < 8; ++call) {
    const Observation &a = alone.seen().calls[call], &b = beside.seen().calls[call];
    EXPECT_EQ(a.latent.self_abs, b.latent.self_abs);
    EXPECT_EQ(std::isnan(a.latent.abs[1]), std::isnan(b.latent.abs[1]));
    EXPECT_TRUE(std::isnan(b.prediction.self_abs));
  }
}

}  // namespace
}  // namespace skipbench
