// A sweep is one tree: what it evaluated is the number of distinct (sample, decision prefix) pairs, recomputed here
// from the masks in the results; and the table says it beside what the settings would have cost one by one.
#include <set>

#include "tests/cli/cli_support.h"

namespace skipbench {
namespace {

using testing::RunConfig;
using testing::Skipbench;
using testing::SmallConfig;
using testing::TempDir;

TEST(Sweep, EvaluatesEveryDistinctPrefixOnce) {
  const TempDir dir;
  Json config = SmallConfig(3, 12);
  config["scheduler"] = {"ddim", "euler"};
  config["wave_size"] = 2;
  config["metrics"] = Json::array();
  config["methods"] = {{{"type", "full_step"}},
                       {{"type", "adaptive_diffusion"}, {"delta", {0.01, 0.05, 0.2, 0.5}}, {"max_skips", {1, 3}}},
                       {{"type", "difference_order"}, {"order", {1, 2}}, {"delta", 0.2}},
                       {{"type", "deepcache"}, {"interval", {2, 3}}, {"branch", 1}},
                       {{"type", "fewer_steps"}, {"steps", {6, 12}}}};
  const auto run = RunConfig(dir, config, "out");
  ASSERT_EQ(run.exit_code, 0) << run.err;
  ResultReader reader = ResultReader::Open(dir / "out");
  const auto& settings = reader.header().settings;
  ASSERT_EQ(settings.size(), 2u * (1 + 8 + 2 + 2 + 2));
  std::set<std::vector<int>> full, shallow;
  int64_t alone = 0, alone_shallow = 0;
  for (size_t k = 0; k < settings.size(); ++k) {
    const auto action = reader.Read<double>(k, "action"), branch = reader.Read<double>(k, "branch");
    for (int64_t s = 0; s < action.shape[0]; ++s) {
      // Of one tree: the same scheduler and number of steps.
      std::vector<int> prefix = {settings[k].scheduler == "ddim", settings[k].steps, static_cast<int>(s)};
      for (int64_t call = 0; call < action.shape[1]; ++call) {
        const int what = static_cast<int>(action.values[s * action.shape[1] + call]);
        prefix.push_back(what * 100 + static_cast<int>(branch.values[s * action.shape[1] + call]));
        if (what == kActionPredict) full.insert(prefix);
        if (what == kActionShallow) shallow.insert(prefix);
        alone += what == kActionPredict;
        alone_shallow += what == kActionShallow;
      }
    }
  }
  const WaveCost cost = reader.TotalCost();
  EXPECT_EQ(cost.evaluations, static_cast<int64_t>(full.size()));
  EXPECT_EQ(cost.shallow_evaluations, static_cast<int64_t>(shallow.size()));
  EXPECT_EQ(cost.separate_evaluations, alone);
  EXPECT_EQ(cost.separate_shallow_evaluations, alone_shallow);
  EXPECT_LT(cost.evaluations, alone / 2);
  const Json table = ParseJson(Skipbench({"table", (dir / "out").string(), "--format", "json"}).out, "table");
  EXPECT_EQ(table["evaluations"], cost.evaluations);
  EXPECT_EQ(table["separate_evaluations"], alone);
  const auto grouped = [](int64_t n) {
    return n < 1000 ? fmt::format("{}", n) : fmt::format("{},{:03}", n / 1000, n % 1000);
  };
  EXPECT_NE(run.out.find(fmt::format("took {} network evaluations (guided pairs); one by one they would take {}",
                                     grouped(cost.evaluations), grouped(alone))),
            std::string::npos)
      << run.out;
}

}  // namespace
}  // namespace skipbench
