// "memory" in the config: what a run needs, said before it starts, and a bound that changes no result.
#include <regex>

#include "tests/cli/cli_support.h"

namespace skipbench {
namespace {

using testing::Differences;
using testing::RunConfig;
using testing::SmallConfig;
using testing::TempDir;

Json Sweep() {
  Json config = SmallConfig(3, 12);
  config["wave_size"] = 3;
  config["batch_invariant"] = true;
  config["metrics"] = {"latent_error"};
  config["methods"] = {{{"type", "adaptive_diffusion"}, {"delta", {0.02, 0.1, 0.5}}, {"max_skips", {1, 3}}},
                       {{"type", "deepcache"}, {"interval", {2, 3}}, {"branch", 1}}};
  return config;
}

TEST(Memory, ABoundChangesNothingButTheOrderOfWork) {
  const TempDir dir;
  Json config = Sweep();
  ASSERT_EQ(RunConfig(dir, config, "free").exit_code, 0);
  const auto plan = RunConfig(dir, config, "plan", {"--dry-run"});
  std::smatch found;
  ASSERT_TRUE(std::regex_search(
      plan.out, found,
      std::regex("memory +open trajectories take [^\\n]* \\(3 samples at a time\\); ([0-9.]+ [KM]iB) for a sample "
                 "with all settings side by side, ([0-9.]+ [KM]iB) at least")))
      << plan.out;
  for (const std::string bound : {found[1].str(), found[2].str()}) {
    SCOPED_TRACE(bound);
    // The plan's numbers are rounded to four digits.
    config["memory"] = fmt::format("{:.6g}{}", std::stod(bound) * 1.001, bound.substr(bound.size() - 3));
    const std::string out = bound == found[1].str() ? "one" : "deep";
    const auto run = RunConfig(dir, config, out);
    ASSERT_EQ(run.exit_code, 0) << run.err;
    EXPECT_EQ(Differences(dir / "free", dir / out), "");
    EXPECT_EQ(ResultReader::Open(dir / out).TotalCost().evaluations,
              ResultReader::Open(dir / "free").TotalCost().evaluations);
  }
}

TEST(Memory, TooLittleIsSaidBeforeTheRun) {
  const TempDir dir;
  Json config = Sweep();
  const auto fails = [&](const std::string& memory, const std::string& message) {
    config["memory"] = memory;
    const auto run = RunConfig(dir, config, "out", {"--dry-run"});
    EXPECT_EQ(run.exit_code, 3);
    EXPECT_TRUE(std::regex_search(run.err, std::regex(message))) << run.err;
  };
  fails("10KiB",
        "memory: 10 KiB is not enough: one sample with 9 settings \\(ddim, 12 steps\\) needs [0-9.]+ [KM]iB at least "
        "\\(4 open trajectories");
  fails("much", "config.json: memory: expected a size above 0 with a unit \\(KiB, .*found \"much\"");
  fails("-1GiB", "expected a size above 0");
  fails("12", "expected a size above 0 with a unit");
  config["traces"] = true;
  fails("700KiB", "\\(9 open trajectories .*with \"traces\" a sample's settings stay beside the full-step trajectory");
}

}  // namespace
}  // namespace skipbench
