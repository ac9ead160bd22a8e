// Runs that decide, replayed on the values of the complete study: how much they save, and how often they are right.
#include "tests/analysis/replay.h"

#include <fmt/format.h>

#include <numeric>
#include <random>

#include "harness/base/random.h"
#include "harness/stats/confidence_sequence.h"
#include "harness/stats/moments.h"

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

// One solver's settings, on 1,000 captions.
const Replay& Thousand() {
  static const Replay replay(testing::SourceDir() / "results/complete_1000");
  return replay;
}

DecideOptions Asking(const char* question) { return Resolved({.question = question, .look = 10}); }

// The count that costs are reported by is the run's own.
TEST(DecisionReplay, EvaluationsAreThoseOfTheTree) {
  EXPECT_EQ(Complete().evaluations(), Complete().recorded_evaluations());
  EXPECT_EQ(Thousand().evaluations(), Thousand().recorded_evaluations());
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

TEST(DecisionReplay, TheFrontOfTheCompleteStudy) { ExpectTarget(Complete(), Asking("pareto"), 0.6, 55); }

TEST(DecisionReplay, FewerStepsOnAThousandCaptions) { ExpectTarget(Thousand(), Asking("fewer_steps"), 0.3, 12); }

TEST(DecisionReplay, FewerStepsOnAThousandCaptionsWithoutGivingUp) {
  DecideOptions options = Asking("fewer_steps");
  options.give_up = 0;
  ExpectTarget(Thousand(), options, 0.6, 12);
}

TEST(DecisionReplay, TheFrontOnAThousandCaptions) { ExpectTarget(Thousand(), Asking("pareto"), 0.3, 17); }

// The bounds hold for differences as they are: drawn anew of the thousand captions, whose mean is then the true one, a
// pair's bound on either side is wrong at some look no more often than it may be.
TEST(DecisionReplay, BoundsHoldForTheStudysOwnDifferences) {
  constexpr double kAlpha = 0.025;
  constexpr int kSequences = 60, kLook = 10, kLast = 400;
  const auto& psnr = Thousand().Values("psnr");
  SplitMix random(7);
  int64_t wrong = 0, bounds = 0;
  for (size_t a = 1; a < psnr.size(); ++a) {
    const size_t b = a == 1 ? 2 : 1;
    std::vector<double> differences;
    for (size_t s = 0; s < psnr[a].size(); ++s)
      differences.push_back(std::min(psnr[a][s], 100.0) - std::min(psnr[b][s], 100.0));
    const double truth = MomentsOf(differences).mean;
    for (int sequence = 0; sequence < kSequences; ++sequence, bounds += 2) {
      RunningMoments moments;
      bool low = false, high = false;
      for (int n = 1; n <= kLast; ++n) {
        moments.Add(differences[random.Below(differences.size())]);
        if (n % kLook != 0) continue;
        const MeanInterval interval = SequenceBounds(n, moments.mean(), moments.stddev(), kAlpha);
        low |= interval.low > truth;
        high |= interval.high < truth;
      }
      wrong += int64_t{low} + int64_t{high};
    }
  }
  fmt::print("{} of {} bounds are ever wrong, {:.4f}; {} are allowed\n", wrong, bounds,
             static_cast<double>(wrong) / static_cast<double>(bounds), kAlpha);
  EXPECT_LE(static_cast<double>(wrong),
            static_cast<double>(bounds) * kAlpha + 4 * std::sqrt(static_cast<double>(bounds) * kAlpha));
}

}  // namespace
}  // namespace skipbench
