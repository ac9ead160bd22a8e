// Runs that decide, replayed on the values of the complete study: how much they save, and how often they are right.
#include "tests/analysis/replay.h"

#include <fmt/format.h>

#include <numeric>
#include <random>

#include "harness/base/random.h"

namespace skipbench {
namespace {

using testing::Replay;

constexpr int kReplays = 200;

struct Tally {
  int all_agree = 0;              // replays in which every answer is the full run's
  double share = 0;               // of the full run's evaluations, mean
  double answered = 0, open = 0;  // settings, mean
};

Tally ReplayAll(const Replay& replay, const DecideOptions& options, int replays) {
  Tally tally;
  std::mt19937_64 random(2024);
  std::vector<size_t> all(static_cast<size_t>(replay.samples()));
  std::iota(all.begin(), all.end(), 0);
  const auto truth = replay.Estimates(options);
  for (int r = 0; r < replays; ++r) {
    std::vector<size_t> order = all;
    Shuffle(order, random);
    const auto outcome = replay.Run(order, options);
    bool agree = true;
    for (size_t k = 0; k < truth.size(); ++k) {
      const Answer answer = outcome.decisions[k].answer;
      tally.answered += answer == Answer::kYes || answer == Answer::kNo;
      tally.open += answer == Answer::kUndecided;
      agree &= (answer != Answer::kYes && answer != Answer::kNo) || truth[k] == answer;
    }
    tally.all_agree += agree;
    tally.share += static_cast<double>(outcome.evaluations) / static_cast<double>(replay.evaluations());
  }
  for (double* mean : {&tally.share, &tally.answered, &tally.open}) *mean /= replays;
  return tally;
}

const Replay& Complete() {
  static const Replay replay(testing::SourceDir() / "results/complete");
  return replay;
}

DecideOptions Asking(const char* question) { return Resolved({.question = question, .look = 10}); }

// The count that costs are reported by is the run's own.
TEST(DecisionReplay, EvaluationsAreThoseOfTheTree) {
  EXPECT_EQ(Complete().evaluations(), Complete().recorded_evaluations());
}

void ExpectTarget(const Replay& replay, const DecideOptions& options, double share, double answered) {
  const Tally tally = ReplayAll(replay, options, kReplays);
  fmt::print("{}, give_up {}: {:.3f} of the evaluations, {} of {} replays agree, answered {:.1f}, undecided {:.1f}\n",
             options.question, options.give_up, tally.share, tally.all_agree, kReplays, tally.answered, tally.open);
  EXPECT_GE(tally.all_agree, kReplays * 95 / 100);
  EXPECT_LE(tally.share, share);
  EXPECT_GE(tally.answered, answered);
}

TEST(DecisionReplay, FewerStepsOnTheCompleteStudy) { ExpectTarget(Complete(), Asking("fewer_steps"), 0.4, 50); }

TEST(DecisionReplay, FewerStepsWithoutGivingUp) {
  DecideOptions options = Asking("fewer_steps");
  options.give_up = 0;
  ExpectTarget(Complete(), options, 0.6, 50);
}

TEST(DecisionReplay, TheFrontOfTheCompleteStudy) {
  DecideOptions options = Asking("pareto");
  options.look = 20;
  ExpectTarget(Complete(), options, 0.6, 55);
}

}  // namespace
}  // namespace skipbench
