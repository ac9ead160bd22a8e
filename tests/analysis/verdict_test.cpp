#include "harness/analysis/verdict/verdict.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/math/distributions/normal.hpp>
#include <cmath>
#include <limits>

#include "harness/analysis/verdict/pareto_set.h"
#include "harness/base/random.h"

namespace skipbench {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

// A setting as it truly is, beside a full run of cost 100.
struct Truth {
  const char* type;
  double cost, value;
};

struct Case {
  RunHeader header;
  MetricInfo metric = {.name = "psnr", .title = "PSNR", .unit = "dB", .better = Direction::kHigher, .ceiling = 100.0};
  SettingValues values, cost;

  explicit Case(const std::vector<Truth>& truths) {
    Add("full_step");
    for (const auto& truth : truths) Add(truth.type);
  }
  void Add(const std::string& type) {
    SettingInfo info;
    info.label = fmt::format("{}({})", type, header.settings.size());
    info.type = type;
    info.reference = type == "full_step";
    info.compared_with = 0;
    header.settings.push_back(info);
    values.emplace_back();
    cost.emplace_back();
  }
  RunVerdict Judged(const VerdictOptions& options = {.cost = "macs_matmuls"}) const {
    return MakeVerdict({.header = header, .metric = metric, .values = values, .cost = cost}, options);
  }
};

double Uniform(SplitMix& random) { return (static_cast<double>(random.Next() >> 11) + 0.5) / 9007199254740992.0; }
double Normal(SplitMix& random) { return boost::math::quantile(boost::math::normal(), Uniform(random)); }

// Samples of a sweep: some are harder than others for all settings; methods decide by sample, so that their costs vary,
// and what costs more is better. `skewed`: the deviations have a tail, as those of PSNR have.
void Draw(const std::vector<Truth>& truths, int64_t samples, uint64_t seed, bool skewed, Case* one) {
  SplitMix random(seed);
  for (auto* columns : {&one->values, &one->cost})
    for (auto& column : *columns) column.clear();
  for (int64_t i = 0; i < samples; ++i) {
    const double hardness = 4 * Normal(random);
    one->values[0].push_back(kInfinity);
    one->cost[0].push_back(100);
    for (size_t k = 0; k < truths.size(); ++k) {
      const bool decides = truths[k].type != std::string("fewer_steps");
      const double effort = decides ? 4 * Normal(random) : 0;
      const double noise = skewed ? 2 * (1 + std::log(Uniform(random))) : 2 * Normal(random);
      one->values[k + 1].push_back(truths[k].value + hardness + noise + 0.2 * effort);
      one->cost[k + 1].push_back(truths[k].cost + effort);
    }
  }
}

// Fewer steps on a curve with a bend at 50; methods above it, on it and below it, some of them alike.
const std::vector<Truth>& Sweep() {
  static const std::vector<Truth> sweep = {{"fewer_steps", 30, 30}, {"fewer_steps", 50, 40}, {"fewer_steps", 70, 44},
                                           {"method", 40, 35},      {"method", 42, 36.2},    {"method", 45, 39},
                                           {"method", 60, 42},      {"method", 62, 41},      {"method", 35, 32.5}};
  return sweep;
}

double FewerStepsAt(double cost) { return cost < 50 ? 30 + (cost - 30) / 2 : 40 + (cost - 50) / 5; }

struct Errors {
  int any = 0, interval = 0, chosen = 0, best = 0, dominated = 0, told = 0;
};

// What a verdict says that is not so.
void Count(const std::vector<Truth>& truths, const JudgedGroup& group, Errors* errors) {
  const auto truth = [&](size_t i) { return truths[group.settings[i].setting - 1]; };
  const auto wrong = [&](size_t i) {
    const AgainstFewer& against = group.settings[i].against;
    const double difference = truth(i).value - FewerStepsAt(truth(i).cost);
    return against.kind != AgainstFewer::Kind::kNone &&
           (difference < against.difference.low || difference > against.difference.high);
  };
  bool interval = false, chosen = false, best = false, dominated = false;
  for (size_t i = 0; i < group.settings.size(); ++i) {
    interval |= wrong(i);
    errors->told += group.settings[i].against.better();
    if (const auto by = group.settings[i].dominated_by)
      dominated |= truth(*by).value <= truth(i).value || truth(*by).cost > truth(i).cost;
  }
  for (const auto& budget : group.budgets) {
    if (budget.method) chosen |= wrong(*budget.method);
    // The setting that truly is closest, of those that were within the budget.
    std::vector<size_t> named = budget.not_told_apart;
    if (budget.best) named.push_back(*budget.best);
    size_t closest = group.settings.size();
    for (size_t i = 0; i < group.settings.size(); ++i)
      if (group.settings[i].cost <= budget.budget &&
          (closest == group.settings.size() || truth(i).value > truth(closest).value))
        closest = i;
    if (closest < group.settings.size()) best |= std::ranges::find(named, closest) == named.end();
  }
  errors->interval += interval;
  errors->chosen += chosen;
  errors->best += best;
  errors->dominated += dominated;
  errors->any += interval || best || dominated;
}

// Two standard deviations of a binomial count above its mean.
double AtMost(int trials, double share) { return trials * share + 2 * std::sqrt(trials * share * (1 - share)); }

TEST(Verdict, WhatItSaysHoldsTogether) {
  const auto& truths = Sweep();
  const int trials = 1500;
  struct {
    int64_t samples;
    bool skewed;
  } const kinds[] = {{8, false}, {32, false}, {32, true}, {100, true}};
  for (const auto& [samples, skewed] : kinds) {
    Case one(truths);
    Errors errors;
    for (int trial = 0; trial < trials; ++trial) {
      Draw(truths, samples, static_cast<uint64_t>(trial) * 7919 + static_cast<uint64_t>(samples), skewed, &one);
      Count(truths, one.Judged().groups.at(0), &errors);
    }
    SCOPED_TRACE(fmt::format("{} samples, {}", samples, skewed ? "skewed" : "normal"));
    EXPECT_LE(errors.interval, AtMost(trials, 0.025));
    EXPECT_LE(errors.chosen, AtMost(trials, 0.025));
    EXPECT_LE(errors.best, AtMost(trials, 0.025));
    EXPECT_LE(errors.dominated, AtMost(trials, 0.025));
    EXPECT_LE(errors.any, AtMost(trials, 0.05));
    if (samples >= 32) {
      EXPECT_GT(errors.told, trials / 3);  // one is clearly better: it is not right by saying nothing
    }
    RecordProperty(fmt::format("errors_{}_{}", samples, skewed), errors.any);
  }
}

// Without the correction one of so many would often be wrong.
TEST(Verdict, TheCorrectionIsNeeded) {
  const auto& truths = Sweep();
  Case one(truths);
  Errors errors;
  for (int trial = 0; trial < 300; ++trial) {
    Draw(truths, 32, static_cast<uint64_t>(trial) + 1, false, &one);
    // Six comparisons share half of 5 %: at this level each has 5 %.
    Count(truths, one.Judged({.cost = "macs_matmuls", .level = 0.5}).groups.at(0), &errors);
  }
  EXPECT_GT(errors.any, 30);
}

Case Simple() {
  Case one({{"fewer_steps", 0, 0}, {"fewer_steps", 0, 0}, {"method", 0, 0}, {"method", 0, 0}});
  one.values = {{kInfinity, kInfinity, kInfinity, kInfinity},
                {40, 41, 39, 40},
                {50, 51, 49, 50},
                {48, 49.1, 46.9, 48},
                {41, 41.9, 40, 41.1}};
  one.cost = {{100, 100, 100, 100}, {40, 40, 40, 40}, {60, 60, 60, 60}, {50, 50, 50, 50}, {50, 50, 50, 50}};
  return one;
}

TEST(Verdict, WithinBudgets) {
  const Case one = Simple();
  const JudgedGroup group = one.Judged({.cost = "nfe", .budgets = {0.7, 0.5, 0.3}}).groups.at(0);
  ASSERT_EQ(group.settings.size(), 4u);
  EXPECT_EQ(group.samples, 4);
  EXPECT_EQ(group.settings[2].cost, 0.5);
  EXPECT_EQ(group.settings[2].value, 48);
  EXPECT_EQ(group.settings[2].against.kind, AgainstFewer::Kind::kInterpolated);
  EXPECT_NEAR(group.settings[2].against.difference.mean, 3, 1e-12);
  EXPECT_TRUE(group.settings[2].against.better());
  EXPECT_TRUE(group.settings[3].against.worse());
  EXPECT_EQ(group.settings[3].dominated_by, std::optional<size_t>(2));
  EXPECT_FALSE(group.settings[2].dominated_by);
  EXPECT_TRUE(group.settings[0].pareto && group.settings[1].pareto && group.settings[2].pareto);
  EXPECT_FALSE(group.settings[3].pareto);
  ASSERT_EQ(group.budgets.size(), 3u);
  EXPECT_EQ(group.budgets[0].best, std::optional<size_t>(1));
  EXPECT_EQ(group.budgets[0].method, std::optional<size_t>(2));
  EXPECT_EQ(group.budgets[1].best, std::optional<size_t>(2));
  EXPECT_THAT(group.budgets[1].not_told_apart, IsEmpty());
  EXPECT_FALSE(group.budgets[2].best || group.budgets[2].method);
}

TEST(Verdict, LowerIsBetter) {
  Case one = Simple();
  one.metric = {.name = "lpips", .better = Direction::kLower};
  one.values = {{0, 0, 0}, {0.4, 0.5, 0.4}, {0.2, 0.3, 0.2}, {0.1, 0.2, 0.11}, {0.6, 0.71, 0.6}};
  for (auto& cost : one.cost) cost.resize(3);
  const JudgedGroup group = one.Judged().groups.at(0);
  EXPECT_EQ(group.budgets[1].best, std::optional<size_t>(2));
  EXPECT_NEAR(group.settings[2].value, 0.41 / 3, 1e-12);
  EXPECT_GT(group.settings[2].against.difference.mean, 0);
  EXPECT_LT(group.settings[3].against.difference.mean, 0);
}

TEST(Verdict, IdenticalPicturesCountAsTheCeiling) {
  Case one = Simple();
  one.values[3] = {kInfinity, kInfinity, kInfinity, kInfinity};
  const JudgedGroup group = one.Judged().groups.at(0);
  EXPECT_EQ(group.settings[2].value, 100);
  EXPECT_EQ(group.settings[2].identical, 4);
  EXPECT_EQ(group.budgets[0].best, std::optional<size_t>(2));
}

// What failed nearly everywhere does not take the samples away from the others.
TEST(Verdict, WhatFailedIsSetAside) {
  Case one = Simple();
  one.values[3] = {48, kNaN, kNaN, kNaN};
  one.values[4] = {41, 42, 40, kNaN};
  const JudgedGroup group = one.Judged().groups.at(0);
  EXPECT_THAT(group.settings[2].set_aside, HasSubstr("1 of 4 samples"));
  EXPECT_EQ(group.samples, 3);
  EXPECT_EQ(group.settings[0].value, 40);  // over the three
  EXPECT_EQ(group.budgets[1].best, std::optional<size_t>(3));
  one.values[3].assign(4, kNaN);
  EXPECT_THAT(one.Judged().groups.at(0).settings[2].set_aside, HasSubstr("no value of psnr"));
}

TEST(Verdict, OneSampleIsNotCertain) {
  Case one = Simple();
  for (auto* columns : {&one.values, &one.cost})
    for (auto& column : *columns) column.resize(1);
  const JudgedGroup group = one.Judged().groups.at(0);
  EXPECT_EQ(group.budgets[1].best, std::optional<size_t>(2));
  EXPECT_THAT(group.budgets[1].not_told_apart, ElementsAre(0, 3));
  EXPECT_EQ(group.settings[2].against.kind, AgainstFewer::Kind::kNone);
  EXPECT_FALSE(group.settings[3].dominated_by);
}

TEST(Verdict, OtherCostsThanFewerStepsHave) {
  Case one = Simple();
  one.cost[3].assign(4, 30);  // cheaper than the cheapest
  one.cost[4].assign(4, 80);  // dearer than the dearest
  const JudgedGroup group = one.Judged().groups.at(0);
  EXPECT_EQ(group.settings[2].against.kind, AgainstFewer::Kind::kDearer);
  EXPECT_EQ(group.settings[2].against.left, 1u);
  EXPECT_NEAR(group.settings[2].against.difference.mean, 8, 1e-12);
  EXPECT_EQ(group.settings[3].against.kind, AgainstFewer::Kind::kNone);
  // One fewer_steps alone, of the same cost.
  Case alone({{"fewer_steps", 0, 0}, {"method", 0, 0}});
  alone.values = {{kInfinity, kInfinity}, {40, 41}, {42, 44}};
  alone.cost = {{100, 100}, {50, 50}, {50, 50}};
  EXPECT_EQ(alone.Judged().groups.at(0).settings[1].against.kind, AgainstFewer::Kind::kOne);
  EXPECT_EQ(alone.Judged().groups.at(0).settings[1].against.difference.mean, 2.5);
}

TEST(Verdict, WhereThereIsNothingToSay) {
  Case one({{"method", 0, 0}});
  one.values = {{kInfinity, kInfinity}, {40, 41}};
  one.cost = {{100, 100}, {50, 50}};
  const JudgedGroup alone = one.Judged().groups.at(0);
  EXPECT_EQ(alone.settings[0].against.kind, AgainstFewer::Kind::kNone);  // no fewer_steps
  EXPECT_EQ(alone.budgets[1].best, std::optional<size_t>(0));
  one.cost[1] = {kNaN, kNaN};
  EXPECT_THAT(one.Judged().groups.at(0).problem, HasSubstr("no sample"));
  one.header.settings[0].reference = false;
  for (auto& setting : one.header.settings) setting.compared_with = -1;
  EXPECT_THAT(one.Judged().groups.at(0).problem, HasSubstr("no full run"));
  Case full({});
  full.values = {{kInfinity}};
  full.cost = {{100}};
  EXPECT_THAT(full.Judged().groups.at(0).problem, HasSubstr("nothing beside the full run"));
}

TEST(Verdict, RefusesOptionsOutOfRange) {
  const Case one = Simple();
  EXPECT_THROW(one.Judged({.cost = "seconds"}), Error);
  EXPECT_THROW(one.Judged({.cost = "nfe", .budgets = {}}), Error);
  EXPECT_THROW(one.Judged({.cost = "nfe", .budgets = {1.5}}), Error);
  EXPECT_THROW(one.Judged({.cost = "nfe", .level = 1}), Error);
}

TEST(ParetoSet, IsWhatNoOtherOneBeats) {
  const std::vector<double> cost = {1, 2, 2, 3, 1, kNaN}, quality = {10, 20, 15, 20, 10, 50};
  EXPECT_EQ(ParetoSet(cost, quality), (std::vector<bool>{true, true, false, false, true, false}));
  EXPECT_THROW(ParetoSet(cost, std::vector<double>{1}), Error);
}

}  // namespace
}  // namespace skipbench
