#include "harness/report/tables/history_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/report/figures/history_figures.h"
#include "harness/store/result_writer.h"
#include "tests/store/example_run.h"
#include "tests/support/fixtures.h"

namespace skipbench {
namespace {

using testing::ExampleHeader;
using testing::ExampleWave;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::TempDir;

constexpr int64_t kSamples = 12;

struct Change {
  double psnr = 0, macs = 1, slowness = 1;
  uint64_t seed = 0;  // another one
  int64_t samples = kSamples;
  int steps = 0;  // of the setting alone, other ones; 0: the same
};

class HistoryTest : public ::testing::Test {
 protected:
  // A result for each change.
  History Of(const std::vector<Change>& changes) {
    std::vector<ResultReader> results;
    std::vector<std::string> names;
    const std::filesystem::path folder = temp_ / std::to_string(++histories_);
    for (size_t v = 0; v < changes.size(); ++v) {
      names.push_back(fmt::format("night{}", v + 1));
      Write(folder / names.back(), changes[v], v);
      results.push_back(ResultReader::Open(folder / names.back()));
    }
    return MakeHistory(results, names);
  }

  static void Write(const std::filesystem::path& folder, const Change& change, size_t v) {
    RunHeader header = ExampleHeader(change.samples);
    header.git_revision = fmt::format("{:040x}", 0xabc0 + v);
    if (change.steps) header.settings[1].steps = change.steps;
    Wave wave = ExampleWave(header, 0, change.samples);
    if (change.seed) {
      header.seed = change.seed;
      for (auto& sample : wave.samples) sample.seed = change.seed;
    }
    for (double& value : wave.settings[1].metrics["psnr"]) value += change.psnr;
    for (auto& value : wave.settings[1].macs_matmuls) value *= change.macs;
    ResultWriter writer(folder, header, false);
    writer.Commit(wave);
    LatencyRecord record;
    record.setting = 1;
    record.threads = 2;
    record.stage_s["total"] = {0.5 * change.slowness, 0.52 * change.slowness};
    writer.CommitLatency(std::vector{record});
    writer.Finish();
  }
  TempDir temp_;
  int histories_ = 0;
};

const Series& Find(const History& history, const std::string& name) {
  for (const auto& series : history.series)
    if (series.setting == "adaptive(delta=0.1)" && series.name == name) return series;
  throw Error("no such series");
}

TEST_F(HistoryTest, NamesTheCommit) {
  const History history = Of({{}, {}, {.psnr = -1}, {.psnr = -1, .macs = 2}});
  ASSERT_EQ(Find(history, "psnr").changes.size(), 1u);
  EXPECT_EQ(Find(history, "psnr").changes[0].at, 2u);
  ASSERT_EQ(Find(history, "macs_matmuls").changes.size(), 1u);
  EXPECT_EQ(Find(history, "macs_matmuls").changes[0].at, 3u);
  EXPECT_TRUE(Find(history, "nfe").changes.empty());
  EXPECT_TRUE(Find(history, "latency").changes.empty());
  const std::string text = RenderMarkdown(history);
  EXPECT_THAT(text, HasSubstr("| worse | 3 (000000000000)"));
  EXPECT_THAT(text, HasSubstr("exact"));
  EXPECT_THAT(text, HasSubstr("night4"));
  EXPECT_THAT(RenderCsv(history),
              HasSubstr("place,result,commit,setting,metric,unit,value,samples,change_p\n1,night1,"));
  const Json json = ParseJson(RenderJson(history), "json");
  EXPECT_EQ(json["results"].size(), 4u);
  const auto figures = HistoryFigures(history);
  ASSERT_FALSE(figures.empty());
  EXPECT_EQ(figures[0].id, "history_psnr");
  EXPECT_THAT(figures[0].alt, HasSubstr("adaptive(delta=0.1)"));
}

TEST_F(HistoryTest, NothingChanged) {
  EXPECT_THAT(RenderMarkdown(Of({{}, {}})),
              HasSubstr("No change of quality or cost; of latency 2 results are too few to say (8 or more)."));
  EXPECT_THAT(RenderMarkdown(Of(std::vector<Change>(8))), HasSubstr("No change.\n"));
}

// A setting that is called as another one before is no later version of it.
TEST_F(HistoryTest, WhatIsOnlyCalledTheSameHasNotChanged) {
  const History history = Of({{}, {.psnr = -9, .macs = 3, .steps = 3}, {.psnr = -9, .macs = 3, .steps = 3}});
  for (const auto& series : history.series) EXPECT_TRUE(series.changes.empty()) << series.setting << series.name;
  EXPECT_THAT(RenderMarkdown(history), HasSubstr("in what is called the same and is not: adaptive(delta=0.1): steps: 4 "
                                                 "in BASE, 3 in NEW"));
}

TEST_F(HistoryTest, SpeedTakesManyResults) {
  std::vector<Change> changes;
  for (int v = 0; v < 16; ++v) changes.push_back({.slowness = (v >= 8 ? 2 : 1) * (1 + 0.01 * (v * 7 % 5))});
  const History history = Of(changes);
  const auto& speed = Find(history, "latency").changes;
  ASSERT_EQ(speed.size(), 1u);
  EXPECT_EQ(speed[0].at, 8u);
  EXPECT_NEAR(speed[0].after / speed[0].before, 2, 0.1);
}

// Across another experiment nothing is a change; samples that only some have are left out.
TEST_F(HistoryTest, OtherExperimentsAndOtherSamples) {
  const History other = Of({{}, {.psnr = 5, .seed = 7}, {.psnr = 5, .seed = 7}});
  EXPECT_TRUE(Find(other, "psnr").changes.empty());
  EXPECT_THAT(RenderMarkdown(other), HasSubstr("- no change is looked for between 1 ("));
  const History fewer = Of({{.samples = 6}, {.psnr = -1}, {.psnr = -1}});
  ASSERT_EQ(Find(fewer, "psnr").changes.size(), 1u);
  EXPECT_EQ(Find(fewer, "psnr").changes[0].at, 1u);
}

}  // namespace
}  // namespace skipbench
