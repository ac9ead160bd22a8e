// Metrics describe themselves in the results; results that do not are described by what is known.
#include <gtest/gtest.h>

#include "harness/store/result_reader.h"
#include "harness/store/result_writer.h"
#include "tests/store/example_run.h"
#include "tests/support/fixtures.h"

namespace skipbench {
namespace {

using testing::ExampleHeader;
using testing::ExampleWave;
using testing::TempDir;

MetricInfo Sharpness() {
  return {.name = "sharpness",
          .title = "sharpness of edges",
          .part_of = "edges",
          .unit = "px",
          .better = Direction::kHigher,
          .decimals = 4,
          .limit = 0.25,
          .ceiling = 9.5,
          .order = 7,
          .per_frame = true};
}

// A result with one metric, `info`.
std::filesystem::path Write(const TempDir& dir, const MetricInfo& info) {
  RunHeader header = ExampleHeader(2);
  header.metrics = {info};
  Wave wave = ExampleWave(header, 0, 2);
  for (auto& setting : wave.settings) setting.metrics = {{info.name, {1, 2}}};
  ResultWriter writer(dir / "run", header, false);
  writer.Commit(wave);
  writer.Finish();
  return dir / "run";
}

TEST(MetricInfo, IsStoredWithTheValues) {
  const TempDir dir;
  const auto metrics = ResultReader::Open(Write(dir, Sharpness())).Metrics(1);
  ASSERT_EQ(metrics.size(), 1u);
  EXPECT_EQ(ToJson(metrics[0]), ToJson(Sharpness()));
  EXPECT_EQ(ToJson(MetricInfoFromJson(ToJson(Sharpness()), "here")), ToJson(Sharpness()));
}

TEST(MetricInfo, OfOlderResultsIsWhatIsKnown) {
  const TempDir dir;
  const auto path = Write(dir, {.name = "sharpness", .unit = "px"});  // not described
  const auto unknown = ResultReader::Open(path).Metrics(0);
  EXPECT_EQ(unknown[0].better, Direction::kUnknown);
  EXPECT_EQ(TitleOf(unknown[0]), "sharpness");
  const KnownMetrics known{.column = [](const std::string& name) {
    return name == "sharpness" ? std::optional(Sharpness()) : std::nullopt;
  }};
  EXPECT_EQ(ToJson(ResultReader::Open(path, {.known = known}).Metrics(0)[0]), ToJson(Sharpness()));
}

TEST(MetricInfo, WhatNoMetricSaysIsAnError) {
  for (auto change : {+[](MetricInfo& info) { info.decimals = 2000000000; }, +[](MetricInfo& info) { info.limit = -1; },
                      +[](MetricInfo& info) { info.ceiling = INFINITY; }}) {
    const TempDir dir;
    MetricInfo info = Sharpness();
    change(info);
    EXPECT_ERROR(ResultReader::Open(Write(dir, info)), "sharpness: ");
  }
  Json json = ToJson(Sharpness());
  json["better"] = "up";
  EXPECT_ERROR(MetricInfoFromJson(json, "here"), "here: better: expected higher, lower or unknown, found \"up\"");
  json.erase("better");
  EXPECT_ERROR(MetricInfoFromJson(json, "here"), "here: no description of a metric");
}

}  // namespace
}  // namespace skipbench
