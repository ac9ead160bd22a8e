// What a config's metrics need: weights that are missing are said before anything is loaded, and the reference data of
// metrics of sets are the data's own unless the config names others.
#include <gmock/gmock.h>

#include <filesystem>

#include "harness/evaluation/statistics_file.h"
#include "tests/cli/cli_support.h"

namespace skipbench {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::RunConfig;
using testing::Skipbench;
using testing::TempDir;
using testing::WriteFile;

int Count(const std::string& text, const std::string& part) {
  int count = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

TEST(MetricFiles, DoctorDryRunAndRunSayWhichAreMissing) {
  const TempDir dir;
  Json config = testing::SmallConfig(2, 4);
  config["metrics"] = {"psnr", "lpips", "fid", "kid", "fd_fashion"};
  for (const std::vector<std::string>& more : {std::vector<std::string>{"--dry-run"}, {}}) {
    const auto run = RunConfig(dir, config, "out", more);
    EXPECT_EQ(run.exit_code, 3) << run.out;
    for (const char* text : {"lpips:alex: the weights lpips_alex_features.safetensors are not there",
                             "scripts/convert/metric_weights.py alexnet-owt-7be5be79.pth",
                             "\nthe weights lpips_v0.1_alex.safetensors are not there", "inception_v3_fid.safetensors",
                             "from pt_inception-2015-12-05-6726825d.pth (95,628,359 bytes, SHA-256 6726825d0af5"})
      EXPECT_THAT(run.err, HasSubstr(text));
    EXPECT_EQ(Count(run.err, "the weights inception_v3_fid.safetensors"), 1) << run.err;  // fid and kid share it
    EXPECT_FALSE(fs::exists(dir / "out"));
  }
  const auto plan = RunConfig(dir, config, "out", {"--dry-run", "--allow-missing"});
  EXPECT_EQ(plan.exit_code, 0) << plan.err;
  EXPECT_THAT(plan.out, HasSubstr("metrics     psnr, fd_fashion\n"));
  EXPECT_THAT(plan.out, HasSubstr("left out, for their weights are missing: lpips:alex, fid:clean, kid:clean"));
  EXPECT_THAT(plan.out, HasSubstr("reference of fd_fashion: " +
                                  (testing::SourceDir() / "datasets/fashion_scenes/images").string()));

  const auto doctor = Skipbench({"doctor", (dir / "config.json").string()});
  EXPECT_EQ(doctor.exit_code, 3);
  EXPECT_THAT(doctor.out,
              HasSubstr("MISSING  metric lpips:alex: the weights lpips_alex_features.safetensors are not there"));
  EXPECT_THAT(
      doctor.out,
      HasSubstr("MISSING  metric fid:clean, kid:clean: the weights inception_v3_fid.safetensors are not there"));
  EXPECT_THAT(doctor.out, HasSubstr("ok       metric fd_fashion: "));
  EXPECT_THAT(doctor.out, HasSubstr("SHA-256 7be5be791159472b1fbf3c69796f7cb30dca7ad8466c2df70058c37116cdee02"));

  // Where they are they are not opened to say so; opening them says what is wrong with them.
  for (const char* file :
       {"lpips_alex_features.safetensors", "lpips_v0.1_alex.safetensors", "inception_v3_fid.safetensors"})
    WriteFile(dir / "weights" / file, "x");
  config["metric_weights"] = {"weights"};
  const auto found = RunConfig(dir, config, "out", {"--dry-run"});
  EXPECT_EQ(found.exit_code, 0) << found.err;
  EXPECT_THAT(found.out, Not(HasSubstr("left out")));
  const auto broken = RunConfig(dir, config, "out");
  EXPECT_EQ(broken.exit_code, 3);
  EXPECT_THAT(broken.err, HasSubstr("weights/lpips_alex_features.safetensors"));
  EXPECT_THAT(
      Skipbench({"doctor", (dir / "config.json").string()}).out,
      HasSubstr("ok       metric fid:clean, kid:clean: " + (dir / "weights/inception_v3_fid.safetensors").string()));
}

void CopyShipped(const fs::path& folder, int first, int n) {
  fs::create_directories(folder);
  for (int i = first; i < first + n; ++i) {
    const std::string name = fmt::format("{:06}.png", i);
    fs::copy_file(testing::SourceDir() / "datasets/fashion_scenes/images" / name, folder / name);
  }
}

TEST(MetricReference, IsTheDatasOwnUnlessAnotherIsNamed) {
  const TempDir dir;
  CopyShipped(dir / "own", 0, 12);
  CopyShipped(dir / "named", 100, 15);
  Json config = testing::SmallConfig(4, 4);
  config["methods"] = {{{"type", "full_step"}}};
  config["metrics"] = {"fd_fashion"};
  config["wave_size"] = 4;
  const auto expect = [&](const fs::path& reference) {
    const auto plan = RunConfig(dir, config, "out", {"--dry-run"});
    EXPECT_THAT(plan.out, HasSubstr("reference of fd_fashion: " + reference.string() + "\n")) << plan.err;
  };
  // The value in the table is the distance to these pictures.
  const auto expect_run = [&](const fs::path& reference) {
    ASSERT_EQ(RunConfig(dir, config, "out", {"--overwrite"}).exit_code, 0);
    const auto table = Skipbench({"table", (dir / "out").string(), "--format", "json"});
    const auto metrics = Skipbench(
        {"metrics", (dir / "out").string(), reference.string(), "-m", "fd_fashion", "--format", "json", "--quiet"});
    ASSERT_EQ(metrics.exit_code, 0) << metrics.err;
    const double value = ParseJson(metrics.out, "metrics").at("metrics")[0].at("value").get<double>();
    EXPECT_NEAR(ParseJson(table.out, "table")
                    .at("settings")[0]
                    .at("distances")
                    .at("fd_fashion")
                    .at("data")
                    .at("value")
                    .get<double>(),
                value, 1e-6 * value);
  };
  expect(testing::SourceDir() / "datasets/fashion_scenes/images");
  config["data"]["reference"] = "own";
  expect(dir / "own");
  expect_run(dir / "own");
  config["metric_reference"] = "named";
  expect(dir / "named");
  expect_run(dir / "named");
  config["metric_reference"] = {{"fd_fashion", "named"}};
  expect(dir / "named");
  config["metric_reference"] = "nowhere";
  const auto missing = RunConfig(dir, config, "out", {"--dry-run"});
  EXPECT_EQ(missing.exit_code, 3);
  EXPECT_THAT(missing.err, HasSubstr("metric_reference: " + (dir / "nowhere").string() + " is missing"));
  config.erase("metric_reference");
  // Statistics of other features are no reference of these.
  FeatureSet set{.description = "made up", .dimension = 2, .values = {0, 1, 2, 3, 5, 4}};
  WriteStatisticsFile(dir / "fid.npz", set, "inception:clean", false);
  config["data"]["reference"] = "fid.npz";
  expect(testing::SourceDir() / "datasets/fashion_scenes/images");
}

TEST(MetricReference, ABrokenPictureIsLeftOutOnRequest) {
  const TempDir dir;
  CopyShipped(dir / "reference", 0, 8);
  CopyShipped(dir / "sound", 0, 8);
  WriteFile(dir / "reference/000003.png", "no picture");
  fs::remove(dir / "sound/000003.png");
  Json config = testing::SmallConfig(4, 4);
  config["methods"] = {{{"type", "full_step"}}};
  config["metrics"] = {"fd_fashion"};
  config["wave_size"] = 4;
  const auto value = [&](const std::string& reference, const std::string& out) {
    config["metric_reference"] = reference;
    const auto run = RunConfig(dir, config, out);
    EXPECT_EQ(run.exit_code, 0) << run.err;
    const auto table = Skipbench({"table", (dir / out).string(), "--format", "json"});
    return ParseJson(table.out, "table")
        .at("settings")[0]
        .at("distances")
        .at("fd_fashion")
        .at("data")
        .at("value")
        .get<double>();
  };
  config["metric_reference"] = "reference";
  const auto refused = RunConfig(dir, config, "out");
  EXPECT_EQ(refused.exit_code, 3);
  EXPECT_THAT(refused.err, HasSubstr("reference/000003.png"));
  config["metric_reference_options"] = {{"skip_broken", true}};
  EXPECT_EQ(value("reference", "out"), value("sound", "sound_out"));
  const auto table = Skipbench({"table", (dir / "out").string()});
  EXPECT_THAT(table.out, HasSubstr("of the reference data 1 could not be read and was left out (")) << table.err;
  config["metric_reference_options"] = {{"frames", 8}};
  EXPECT_THAT(RunConfig(dir, config, "out_frames").err,
              HasSubstr("metric_reference_options.frames: 8 is for pipelines that make clips"));
}

}  // namespace
}  // namespace skipbench
