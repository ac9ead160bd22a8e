// skipbench calibrate where it measures: the ratios that mag_cache decides by, the polynomial that tea_cache rescales
// by.
#include <gmock/gmock.h>

#include "tests/cli/shard_support.h"

namespace skipbench {
namespace {

using ::testing::HasSubstr;
using testing::Skipbench;

TEST(MeasuredFiles, RatiosOfOneModelAreForItsRuns) {
  testing::TempDir dir;
  const auto models = testing::SourceDir() / "tests/fixtures/dit/models";
  Json config = {{"pipeline", (models / "pixart-tiny").string()},
                 {"steps", 8},
                 {"threads", 1},
                 {"data", {{"type", "prompts"}, {"prompts", {"a red bus", "a brown dog"}}}},
                 {"methods", {{{"type", "full_step"}}}},
                 {"metrics", {"latent_error"}}};
  const auto path = [&](const char* name) { return (dir / name).string(); };
  testing::WriteFile(dir / "c.json", config.dump());
  const auto measured = Skipbench({"calibrate", path("c.json"), "--mag-ratios", path("r.json"), "--quiet"});
  ASSERT_EQ(measured.exit_code, 0) << measured.err;
  EXPECT_THAT(measured.out, HasSubstr("ratios of 8 calls, 2 samples; in the config: \"mag_ratios\": \"r.json\""));
  const Json file = ReadJsonFile(dir / "r.json");
  EXPECT_EQ(file.at("steps"), 8);
  EXPECT_EQ(file.at("ratios").at("unconditional").size(), 8u);
  EXPECT_EQ(file.at("ratios").at("conditional")[0], 1);

  const auto fitted = Skipbench({"calibrate", path("c.json"), "--tea-cache", "--order", "2", "--quiet"});
  ASSERT_EQ(fitted.exit_code, 0) << fitted.err;
  EXPECT_THAT(fitted.out, HasSubstr("time_projection\n    config       {\"coefficients\":["));

  config["methods"].push_back({{"type", "mag_cache"}, {"mag_ratios", "r.json"}, {"threshold", 0.2}});
  testing::WriteFile(dir / "run.json", config.dump());
  const auto run = Skipbench({"run", path("run.json"), "--out", path("out"), "--quiet"});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_THAT(run.out, HasSubstr("mag_ratios=r.json[8]"));
  config["pipeline"] = (models / "dit-tiny").string();
  config["data"] = {{"type", "class_labels"}, {"classes", 2}};
  testing::WriteFile(dir / "other.json", config.dump());
  const auto other = Skipbench({"run", path("other.json"), "--dry-run"});
  EXPECT_EQ(other.exit_code, 3);
  EXPECT_THAT(other.err, HasSubstr("r.json was measured on PixArtAlphaPipeline"));
  config["steps"] = {8, 9};
  config["methods"] = {{{"type", "full_step"}}};
  testing::WriteFile(dir / "two.json", config.dump());
  const auto two = Skipbench({"calibrate", path("two.json"), "--mag-ratios", path("x.json"), "--quiet"});
  EXPECT_EQ(two.exit_code, 3);
  EXPECT_THAT(two.err, HasSubstr("what is measured belongs to one scheduler, number of steps and guidance"));
}

}  // namespace
}  // namespace skipbench
