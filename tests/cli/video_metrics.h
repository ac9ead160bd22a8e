// A small run of clips with distances between sets of clips, and the same from the frames that it saves.
#pragma once

#include <filesystem>

#include "tests/cli/cli_support.h"

namespace skipbench::testing {

// Four clips by the tiny text-to-video model under two settings, `frames` frames each, saved as pictures.
inline Json ClipConfig(const TempDir& dir, int frames, const std::vector<std::string>& metrics) {
  WriteFile(dir / "prompts.txt", "a boat on a lake\na red bicycle\na bird over a field\nrain in a street\n");
  return {{"name", "clips"},
          {"pipeline", (SourceDir() / "tests/fixtures/video/models/ms-t2v-tiny").string()},
          {"steps", 4},
          {"frames", frames},
          {"height", 32},
          {"width", 32},
          {"threads", 1},
          {"data", {{"type", "prompts"}, {"file", (dir / "prompts.txt").string()}}},
          {"methods", {{{"type", "full_step"}}, {{"type", "fewer_steps"}, {"steps", 2}}}},
          {"metrics", metrics},
          {"save", {"png"}}};
}

// `skipbench metrics` on the frames that the two settings of `out` have left.
inline Json MeasureSavedClips(const std::filesystem::path& out, const std::string& metrics,
                              const std::vector<std::string>& more = {}) {
  std::filesystem::path reference, other;
  for (const auto& entry : std::filesystem::directory_iterator(out / "png"))
    (entry.path().filename() == "full_step" ? reference : other) = entry.path();
  std::vector<std::string> args = {SkipbenchPath(), "metrics",  other.string(), reference.string(),
                                   "--clips",       "--metric", metrics,        "--format",
                                   "json",          "--quiet"};
  args.insert(args.end(), more.begin(), more.end());
  const auto run = RunProcess(args);
  EXPECT_EQ(run.exit_code, 0) << run.err;
  return run.exit_code == 0 ? ParseJson(run.out, "report") : Json();
}

// Every row of `report` is what the run's table says of the setting against the full steps, interval and all: both see
// the same bytes.
inline void ExpectTableSaysSo(const std::filesystem::path& out, const Json& report,
                              const std::vector<std::string>& metrics) {
  const auto run = RunProcess({SkipbenchPath(), "table", out.string(), "--format", "json"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const Json table = ParseJson(run.out, "table");
  for (const std::string& metric : metrics) {
    SCOPED_TRACE(metric);
    const Json stored = table.at("settings")[1].at("distances").at(metric).at("reference");
    Json row;
    for (const Json& one : report.at("metrics"))
      if (one.at("metric") == metric) row = one;
    ASSERT_FALSE(row.is_null());
    EXPECT_EQ(stored.at("count"), 4);
    EXPECT_EQ(row.at("count"), 4);
    const double value = stored.at("value").get<double>();
    EXPECT_GT(std::abs(value), 0);
    for (const char* key : {"value", "low", "high"})
      EXPECT_NEAR(row.at(key).get<double>(), stored.at(key).get<double>(), 1e-4 * std::abs(value)) << key;
  }
}

}  // namespace skipbench::testing
