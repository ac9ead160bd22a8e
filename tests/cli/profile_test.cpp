// skipbench profile, and run --profile: the operators of a run with their multiply-accumulates.
#include "tests/cli/cli_support.h"

namespace skipbench {
namespace {

using testing::Contains;
using testing::SmallConfig;
using testing::TempDir;

double Macs(const Json& profile, const std::string& stage) {
  double macs = 0;
  for (const auto& line : profile["operators"])
    if (line["stage"] == stage && line["operator"] != "") macs += line["macs"].get<double>();
  return macs;
}

TEST(Profile, CountsWhatTheDenoiserDid) {
  const TempDir dir;
  Json config = SmallConfig(4, 4);
  config["methods"] = {{{"type", "full_step"}}};
  config["metrics"] = {"latent_error"};
  testing::WriteFile(dir / "config.json", config.dump());
  const auto run = testing::Skipbench(
      {"profile", (dir / "config.json").string(), "--samples", "2", "--out", (dir / "profile").string(), "--quiet"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_TRUE(Contains(run.out, "| denoiser")) << run.out;
  EXPECT_TRUE(Contains(run.out, "peak of float32: ")) << run.out;
  ResultReader result = ResultReader::Open(dir / "profile");
  EXPECT_EQ(result.samples().size(), 2u);
  const Json profile = ReadJsonFile(dir / "profile/profile.json"), trace = ReadJsonFile(dir / "profile/trace.json");
  EXPECT_GT(trace["traceEvents"].size(), 100u);
  // What meta tensors count of a forward, and what ran: the time embedding is one row for a whole batch.
  const auto macs = result.Read<double>(0, "macs_matmuls").values;
  const double counted = macs[0] + macs[1];
  EXPECT_LE(Macs(profile, "denoiser"), counted);
  EXPECT_GT(Macs(profile, "denoiser"), 0.97 * counted);
  // A former profile is replaced, a result is not.
  const auto again = [&](const char* out) {
    return testing::Skipbench(
        {"profile", (dir / "config.json").string(), "--samples", "1", "--out", (dir / out).string()});
  };
  EXPECT_EQ(again("profile").exit_code, 0);
  ASSERT_EQ(testing::RunConfig(dir, config, "result").exit_code, 0);
  const auto refused = again("result");
  EXPECT_EQ(refused.exit_code, 3);
  EXPECT_TRUE(Contains(refused.err, "holds a result already")) << refused.err;
}

TEST(Profile, RunsAlongWithARun) {
  const TempDir dir;
  Json config = SmallConfig(2, 4);
  const auto plain = testing::RunConfig(dir, config, "plain"),
             profiled = testing::RunConfig(dir, config, "profiled", {"--profile"});
  ASSERT_EQ(plain.exit_code, 0) << plain.err;
  ASSERT_EQ(profiled.exit_code, 0) << profiled.err;
  EXPECT_EQ(testing::Differences(dir / "plain", dir / "profiled"), "");
  EXPECT_TRUE(std::filesystem::exists(dir / "profiled/trace.json"));
}

}  // namespace
}  // namespace skipbench
