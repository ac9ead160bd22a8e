// The search for a delta, on methods made of numbers: a "trajectory" predicts where its ratio is not below delta.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "harness/experiment/calibrate/delta_search.h"

namespace skipbench {
namespace {

// Samples with ratios of their own for calls 4 .. calls - 1; the first four calls predict.
struct Ratios {
  std::vector<std::vector<double>> of;
  int calls = 50;
  int64_t runs = 0;

  Ratios(int samples, uint64_t seed, double spread) {
    std::mt19937_64 random(seed);
    std::lognormal_distribution<double> ratio(-4, spread);
    for (int s = 0; s < samples; ++s) {
      of.emplace_back();
      for (int k = 4; k < calls; ++k) of.back().push_back(ratio(random));
    }
  }

  int Nfe(int s, double delta) const {
    return calls - static_cast<int>(std::count_if(of[s].begin(), of[s].end(), [&](double r) { return r < delta; }));
  }

  double Mean(double delta) const {
    double sum = 0;
    for (size_t s = 0; s < of.size(); ++s) sum += Nfe(static_cast<int>(s), delta);
    return sum / static_cast<double>(of.size());
  }

  DeltaProbe operator()(double delta, const std::vector<int>& which) {
    DeltaProbe seen;
    for (int s : which) {
      ++runs;
      DeltaInterval interval{0, HUGE_VAL, Nfe(s, delta)};
      for (double r : of[s]) {
        (r < delta ? seen.skipped : seen.predicted).push_back(r);
        if (r < delta)
          interval.low = std::max(interval.low, r);
        else
          interval.high = std::min(interval.high, r);
      }
      seen.samples.push_back(interval);
    }
    return seen;
  }
};

TEST(DeltaSearch, FindsWhatIsWantedInFewRuns) {
  int probes = 0;
  for (uint64_t seed = 0; seed < 10; ++seed)
    for (const double spread : {0.1, 1.0, 3.0})
      for (const double target : {6.0, 17.5, 25.0, 40.3, 49.0}) {
        Ratios ratios(16, seed, spread);
        const auto found = SearchDelta(16, 50, {.target = target}, std::ref(ratios));
        SCOPED_TRACE(fmt::format("seed {}, spread {}, target {}", seed, spread, target));
        EXPECT_TRUE(found.reached);
        EXPECT_NEAR(found.nfe, target, 0.25);
        EXPECT_DOUBLE_EQ(ratios.Mean(found.delta), found.nfe) << "the printed delta does what was found";
        EXPECT_LE(found.nfe_min, found.nfe);
        EXPECT_GE(found.nfe_max, found.nfe);
        probes += found.probes;
      }
  EXPECT_LE(probes / 150.0, 9) << "deltas tried on average";
}

// All samples alike: the mean NFE has whole values only, with a gap where ratios are equal.
TEST(DeltaSearch, SaysWhatThereIsInstead) {
  Ratios ratios(4, 1, 1);
  for (auto& sample : ratios.of) sample = std::vector<double>(46, 0.02);
  const auto found = SearchDelta(4, 50, {.target = 25}, std::ref(ratios));
  EXPECT_FALSE(found.reached);
  EXPECT_EQ(found.nfe_above, 50);
  EXPECT_EQ(found.nfe_below, 4);
  EXPECT_LT(found.probes, 40);
}

// The same trajectories under a rule that predicts *below* its threshold: ratio < delta.
TEST(DeltaSearch, GoesTheOtherWayWhereALargerDeltaPredictsMore) {
  for (uint64_t seed = 0; seed < 5; ++seed)
    for (const double target : {6.0, 17.5, 25.0, 49.0}) {
      Ratios ratios(16, seed, 1);
      const auto predictions = [&](int s, double delta) {
        return 4 + std::count_if(ratios.of[s].begin(), ratios.of[s].end(), [&](double r) { return r < delta; });
      };
      const auto probe = [&](double delta, const std::vector<int>& which) {
        EXPECT_GE(delta, 1e-4);
        EXPECT_LE(delta, 10);
        DeltaProbe seen;
        for (int s : which) {
          DeltaInterval interval{0, HUGE_VAL, static_cast<int>(predictions(s, delta))};
          for (double r : ratios.of[s]) {
            (r < delta ? seen.predicted : seen.skipped).push_back(r);
            if (r < delta)
              interval.low = std::max(interval.low, r);
            else
              interval.high = std::min(interval.high, r);
          }
          seen.samples.push_back(interval);
        }
        return seen;
      };
      const auto found =
          SearchDelta(16, 50, {.target = target, .predicts_above = false, .least = 1e-4, .most = 10}, probe);
      SCOPED_TRACE(fmt::format("seed {}, target {}", seed, target));
      EXPECT_TRUE(found.reached);
      EXPECT_NEAR(found.nfe, target, 0.25);
      double sum = 0;
      for (int s = 0; s < 16; ++s) sum += static_cast<double>(predictions(s, found.delta));
      EXPECT_DOUBLE_EQ(sum / 16, found.nfe) << "the printed delta does what was found";
    }
}

TEST(DeltaSearch, StaysWithinTheOptionsRange) {
  Ratios ratios(4, 1, 1);
  for (auto& sample : ratios.of) sample = std::vector<double>(46, 0.5);
  std::vector<double> tried;
  const auto probe = [&](double delta, const std::vector<int>& which) {
    tried.push_back(delta);
    return ratios(delta, which);
  };
  const auto never = SearchDelta(4, 50, {.target = 25, .least = 0.1, .most = 0.4}, probe);
  EXPECT_FALSE(never.reached);
  EXPECT_EQ(never.nfe_above, 50) << "nothing in the range skips";
  const auto always = SearchDelta(4, 50, {.target = 25, .least = 0.6, .most = 0.9}, probe);
  EXPECT_FALSE(always.reached);
  EXPECT_EQ(always.nfe_below, 4) << "everything in the range skips";
  EXPECT_TRUE(std::isnan(always.nfe_above));
  for (const double delta : tried)
    EXPECT_TRUE((delta >= 0.1 && delta <= 0.4) || (delta >= 0.6 && delta <= 0.9)) << delta;
}

TEST(DeltaSearch, SaysWhenNothingSkipsSoMuch) {
  Ratios ratios(4, 1, 1);
  const auto found = SearchDelta(4, 50, {.target = 3}, std::ref(ratios));
  EXPECT_FALSE(found.reached);
  EXPECT_EQ(found.nfe_above, 4);
  EXPECT_TRUE(std::isnan(found.nfe_below));
  EXPECT_EQ(found.probes, 1);
}

TEST(DeltaSearch, DoesNotRunASampleAgainWhereItIsKnown) {
  Ratios ratios(16, 3, 1);
  const auto found = SearchDelta(16, 50, {.target = 25, .tolerance = 0}, std::ref(ratios));
  EXPECT_NEAR(found.nfe, 25, 0.5 / 16);
  EXPECT_LT(ratios.runs, 16 * found.probes);
}

}  // namespace
}  // namespace skipbench
