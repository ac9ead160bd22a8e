// Running a config in shards, some of them killed on the way, and what must be equal afterwards.
#pragma once

#include <random>

#include "tests/cli/cli_support.h"

namespace skipbench::testing {

// The table as JSON without what differs from run to run: times, machines.
inline Json TableWithoutTimings(const std::vector<std::string>& results) {
  std::vector<std::string> args = {"table", "--format", "json"};
  args.insert(args.end(), results.begin(), results.end());
  const auto table = Skipbench(args);
  EXPECT_EQ(table.exit_code, 0) << table.err;
  Json json = ParseJson(table.out, "table");
  json.erase("wall_s");
  json.erase("finished_at");
  json.erase("environments");
  for (auto& setting : json["settings"]) setting.erase("latency");
  return json;
}

// Runs all shards into `prefix`i, each killed at up to `kills` random moments and resumed. Returns their folders.
inline std::vector<std::string> RunShards(const TempDir& dir, const Json& config, const std::string& prefix, int count,
                                          int kills, std::mt19937& random) {
  std::vector<std::string> folders;
  for (int i = 0; i < count; ++i) {
    const std::string out = fmt::format("{}{}", prefix, i);
    folders.push_back((dir / out).string());
    std::vector<std::string> more = {"--shard", fmt::format("{}/{}", i, count), "--resume"};
    for (int kill = 0; kill < kills; ++kill)
      if (RunConfig(dir, config, out, more, 100 + static_cast<int>(random() % 900)).exit_code == 0) break;
    const auto run = RunConfig(dir, config, out, more);
    EXPECT_EQ(run.exit_code, 0) << run.err;
  }
  return folders;
}

}  // namespace skipbench::testing
