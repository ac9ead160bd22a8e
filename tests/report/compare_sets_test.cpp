// Metrics of whole sets in a comparison.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "harness/report/tables/compare_text.h"
#include "harness/store/result_writer.h"
#include "tests/store/example_run.h"
#include "tests/support/fixtures.h"

namespace skipbench {
namespace {

using testing::ExampleHeader;
using testing::ExampleWave;
using ::testing::HasSubstr;
using testing::TempDir;

constexpr size_t kAdaptive = 1;

// A value of the adaptive setting with those without each of four blocks, `without` apart from it.
MeasuredValue Distance(const MetricInfo& metric, double value, const std::vector<double>& without = {},
                       const std::string& against = "reference") {
  MeasuredValue distance{.metric = metric, .setting = kAdaptive, .against = against, .value = value, .count = 12};
  for (const double apart : without) distance.without_block.push_back(value + apart);
  return distance;
}
MeasuredValue Distance(const std::string& metric, double value, const std::vector<double>& without = {},
                       const std::string& against = "reference") {
  return Distance({.name = metric, .title = metric, .better = Direction::kLower}, value, without, against);
}

class CompareSets : public ::testing::Test {
 protected:
  void SetUp() override {
    const RunHeader header = ExampleHeader(12);
    ResultWriter writer(dir_ / "run", header, false);
    writer.Commit(ExampleWave(header, 0, 12));
    writer.Finish();
  }
  // The same result on both sides, but for these.
  Comparison CompareThem(const std::vector<MeasuredValue>& base, const std::vector<MeasuredValue>& now,
                         const CompareOptions& options = {}) {
    const ResultReader result = ResultReader::Open(dir_ / "run");
    return Compare(result, result, options, {base, now, not_comparable_});
  }
  // Expects the verdict, and of a reason these parts.
  void Expect(const Comparison& comparison, Verdict verdict, const std::vector<std::string>& parts = {}) {
    EXPECT_EQ(comparison.verdict, verdict) << RenderMarkdown(comparison, {});
    const auto& reasons = comparison.settings[kAdaptive].reasons;
    if (parts.empty()) return;
    ASSERT_EQ(reasons.size(), 1u);
    for (const auto& part : parts) EXPECT_THAT(reasons[0], HasSubstr(part));
  }
  std::map<std::string, std::string> not_comparable_;
  TempDir dir_;
};

TEST_F(CompareSets, IntervalOfThePairedDifference) {
  // Blocks that move both alike cancel; what is left is a jackknife of the differences 0.1, -0.1, 0.1, -0.1.
  const auto base = Distance("fd_fashion", 10, {1.0, 2.0, -3.0, 0.0}),
             now = Distance("fd_fashion", 11, {0.9, 2.1, -3.1, 0.1});
  const auto comparison = CompareThem({base}, {now}, {.limits = {{"fd_fashion", 0.5}}});
  const MetricChange& change = comparison.settings[kAdaptive].sets.at(0);
  const double error = std::sqrt(3.0 / 4 * 4 * 0.1 * 0.1);
  EXPECT_NEAR(change.loss.mean, 1, 1e-12);
  EXPECT_NEAR(change.loss.low, 1 - 1.959963985 * error, 1e-8);
  EXPECT_NEAR(change.loss.high, 1 + 1.959963985 * error, 1e-8);
  Expect(comparison, Verdict::kRegression,
         {"fd_fashion (reference) is worse", "by 1 [", "limit 0.5", "10 in BASE", "11 in NEW"});
  EXPECT_EQ(ExitCode(comparison.verdict), 1);
  const std::string text = RenderMarkdown(comparison, {});
  EXPECT_THAT(text, HasSubstr("regression: adaptive(delta=0.1): fd_fashion (reference) is worse"));
  EXPECT_THAT(text, HasSubstr("10 → 11 (+1 [+0.661, +1.34])"));
  const Json json = ParseJson(RenderJson(comparison), "json");
  EXPECT_EQ(json["settings"][kAdaptive]["set_metrics"]["fd_fashion (reference)"]["limit"], 0.5);
}

TEST_F(CompareSets, AllowanceFollowsFromTheIntervalOfBase) {
  auto base = Distance("fd_fashion", 10, {0, 0, 0, 0});
  base.standard_error = 0.8;
  Expect(CompareThem({base}, {Distance("fd_fashion", 10.7, {0, 0, 0, 0})}), Verdict::kFine);
  Expect(CompareThem({base}, {Distance("fd_fashion", 10.9, {0, 0, 0, 0})}), Verdict::kRegression, {"limit 0.8"});
  Expect(CompareThem({base}, {Distance("fd_fashion", 5, {0, 0, 0, 0})}), Verdict::kFine);
  base.standard_error = 0.01;  // at least 2 %
  Expect(CompareThem({base}, {Distance("fd_fashion", 10.19, {0, 0, 0, 0})}), Verdict::kFine);
  Expect(CompareThem({base}, {Distance("fd_fashion", 10.7, {2, -1, 0, 1})}), Verdict::kInconclusive,
         {"is undecided", "limit 0.2"});
  Expect(CompareThem({base}, {base}), Verdict::kFine);
}

TEST_F(CompareSets, LimitsByNameAndByWhatItIsAgainst) {
  const std::vector<MeasuredValue> base = {Distance("fd_fashion", 10, {}, "data"), Distance("fd_fashion", 1, {})},
                                   now = {Distance("fd_fashion", 11, {}, "data"), Distance("fd_fashion", 1.5, {})};
  Expect(CompareThem(base, now, {.limits = {{"fd_fashion", 2}}}), Verdict::kFine);
  Expect(CompareThem(base, now, {.limits = {{"fd_fashion", 2}, {"fd_fashion (reference)", 0.1}}}), Verdict::kRegression,
         {"fd_fashion (reference) is worse: lower quality by 0.5 (no interval), limit 0.1"});
  const MetricInfo recall{
      .name = "prc_fashion recall", .title = "recall", .part_of = "prc_fashion", .better = Direction::kHigher};
  Expect(CompareThem({Distance(recall, 0.9)}, {Distance(recall, 0.8)}, {.limits = {{"prc_fashion", 0.2}}}),
         Verdict::kFine);
}

TEST_F(CompareSets, JudgesByWhatTheMetricSaysOfItself) {
  MetricInfo metric{.name = "new", .title = "new", .better = Direction::kLower};
  Expect(CompareThem({Distance(metric, 1)}, {Distance(metric, 2)}), Verdict::kRegression, {"new (reference)"});
  Expect(CompareThem({Distance(metric, 2)}, {Distance(metric, 1)}), Verdict::kFine);
  metric.better = Direction::kHigher;
  Expect(CompareThem({Distance(metric, 2)}, {Distance(metric, 1)}), Verdict::kRegression, {"new (reference)"});
  Expect(CompareThem({Distance(metric, 1)}, {Distance(metric, 2)}), Verdict::kFine);
  metric.limit = 1;
  Expect(CompareThem({Distance(metric, 2)}, {Distance(metric, 1)}), Verdict::kFine);
  metric.better = Direction::kUnknown;
  Expect(CompareThem({Distance(metric, 1)}, {Distance(metric, 1)}), Verdict::kNotComparable,
         {"it is not known whether more of it is better"});
}

TEST_F(CompareSets, WhatCannotBeCompared) {
  const auto base = Distance("fd_fashion", 10);
  Expect(CompareThem({base}, {}), Verdict::kNotComparable, {"fd_fashion (reference): not measured in NEW"});
  MeasuredValue without = Distance("fd_fashion", 0);
  without.value.reset();
  without.available = false;
  without.note = "no weights";
  Expect(CompareThem({base}, {without}), Verdict::kNotComparable, {"no weights"});
  Expect(CompareThem({without}, {base}), Verdict::kFine);
  not_comparable_["fd_fashion"] = "other weights";
  Expect(CompareThem({base}, {base}), Verdict::kNotComparable, {"fd_fashion (reference): other weights"});
  EXPECT_EQ(ExitCode(Verdict::kNotComparable), 4);
}

}  // namespace
}  // namespace skipbench
