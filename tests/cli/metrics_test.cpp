// skipbench metrics on folders of pictures.
#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include <filesystem>

#include "metrics/paper_metrics.h"
#include "metrics/psnr.h"
#include "metrics/ssim.h"
#include "tests/cli/cli_support.h"
#include "tests/evaluation/pictures.h"

namespace skipbench {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using testing::ReadFile;
using testing::Skipbench;
using testing::TempDir;
using testing::WriteFile;

at::Tensor Picture(int seed, int64_t height = 24, int64_t width = 20) {
  return testing::MakePicture(seed, height, width);
}

Json RowOf(const Json& report, const std::string& metric) {
  for (const Json& row : report.at("metrics"))
    if (row.at("metric") == metric) return row;
  ADD_FAILURE() << "no row for " << metric << " in " << report.dump(2);
  return {};
}

Json Measure(std::vector<std::string> args) {
  args.insert(args.begin(), "metrics");
  for (const char* more : {"--format", "json", "--quiet"}) args.push_back(more);
  const auto run = Skipbench(args);
  EXPECT_EQ(run.exit_code, 0) << run.err;
  return run.exit_code == 0 ? ParseJson(run.out, "report") : Json();
}

void ExpectRefused(std::vector<std::string> args, const std::vector<std::string>& texts) {
  args.insert(args.begin(), "metrics");
  const auto run = Skipbench(args);
  EXPECT_EQ(run.exit_code, 3) << run.out;
  for (const auto& text : texts) EXPECT_THAT(run.err, HasSubstr(text));
}

TEST(Metrics, PicturesPairByName) {
  const TempDir dir;
  double psnr = 0, ssim = 0;
  for (int i = 0; i < 12; ++i) {
    const at::Tensor a = Picture(i), b = i == 3 ? a : Picture(i + 1);
    testing::WritePicture(dir / fmt::format("a/{}.png", i), a);
    testing::WritePicture(dir / fmt::format("b/{}.png", i), b);
    if (i != 3) psnr += Psnr(a, b) / 11;
    ssim += Ssim(a, b) / 12;
  }
  const Json report = Measure({(dir / "a").string(), (dir / "b").string(), "--metric", "psnr,ssim", "--per-sample",
                               (dir / "each.csv").string()});
  EXPECT_NEAR(RowOf(report, "psnr").at("value").get<double>(), psnr, 1e-10);
  EXPECT_EQ(RowOf(report, "psnr").at("count"), 11);
  EXPECT_EQ(RowOf(report, "psnr").at("identical"), 1);
  EXPECT_NEAR(RowOf(report, "ssim").at("value").get<double>(), ssim, 1e-10);
  EXPECT_LT(RowOf(report, "ssim").at("low").get<double>(), ssim);
  const std::string each = ReadFile(dir / "each.csv");
  EXPECT_THAT(each, HasSubstr("name,psnr,ssim\n0,"));
  EXPECT_THAT(each, HasSubstr("\n3,inf,1\n"));
  EXPECT_LT(each.find("\n2,"), each.find("\n10,"));  // natural order
}

TEST(Metrics, ThePapersPsnrStandsBesideTheRightOne) {
  const TempDir dir;
  std::vector<SquaredError> errors;
  for (int i = 0; i < 18; ++i) {
    const at::Tensor a = Picture(i).clamp_max(100), b = Picture(i + 1);
    testing::WritePicture(dir / fmt::format("a/{:02}.png", i), a);
    testing::WritePicture(dir / fmt::format("b/{:02}.png", i), b);
    errors.push_back(CompareBytes(a, b));
  }
  const Json report = Measure({(dir / "a").string(), (dir / "b").string(), "--metric", "psnr:paper"});
  EXPECT_NEAR(RowOf(report, "psnr:paper").at("value").get<double>(), PaperCompatPsnr(errors).mean, 1e-12);
  EXPECT_GT(RowOf(report, "psnr").at("value").get<double>(), RowOf(report, "psnr:paper").at("value").get<double>() + 5);
}

TEST(Metrics, ClipsAreFoldersOrNumberedPictures) {
  const TempDir dir;
  for (int t = 0; t < 3; ++t) {
    testing::WritePicture(dir / fmt::format("a/run/{}.png", t + 9), Picture(t));
    testing::WritePicture(dir / fmt::format("a/walk/{}.png", t), Picture(t + 3));
    testing::WritePicture(dir / fmt::format("b/run_{}.png", t + 9),
                          t == 1 ? Picture(t) : Picture(t + 1));  // its second frame is identical
    testing::WritePicture(dir / fmt::format("b/walk_{}.png", t), Picture(t + 4));
  }
  const Json report = Measure({(dir / "a").string(), (dir / "b").string(), "--metric", "psnr,ssim", "--clips",
                               "--per-frame", (dir / "frames.csv").string()});
  const double run = (Psnr(Picture(0), Picture(1)) + Psnr(Picture(2), Picture(3))) / 2;
  const double walk = (Psnr(Picture(3), Picture(4)) + Psnr(Picture(4), Picture(5)) + Psnr(Picture(5), Picture(6))) / 3;
  EXPECT_NEAR(RowOf(report, "psnr").at("value").get<double>(), (run + walk) / 2, 1e-10);
  EXPECT_EQ(RowOf(report, "psnr").at("count"), 2);
  const std::string frames = ReadFile(dir / "frames.csv");
  EXPECT_THAT(frames, HasSubstr("name,frame,psnr,ssim\nrun,0,"));
  EXPECT_THAT(frames, HasSubstr("\nrun,1,inf,1\n"));
}

TEST(Metrics, BadInputIsNamed) {
  const TempDir dir;
  for (int i = 0; i < 3; ++i) {
    testing::WritePicture(dir / fmt::format("a/{}.png", i), Picture(i));
    testing::WritePicture(dir / fmt::format("b/{}.png", i), Picture(i + 1));
    testing::WritePicture(dir / fmt::format("other/{}x.png", i), Picture(i));
    testing::WritePicture(dir / fmt::format("small/{}.png", i), i == 1 ? Picture(i, 24, 19) : Picture(i));
    testing::WritePicture(dir / fmt::format("broken/{}.png", i), Picture(i));
  }
  const std::string whole = ReadFile(dir / "broken/1.png");
  WriteFile(dir / "broken/1.png", whole.substr(0, whole.size() / 2));
  const std::string a = (dir / "a").string(), b = (dir / "b").string();
  ExpectRefused({a, (dir / "broken").string(), "-m", "psnr"}, {"broken/1.png", "truncated"});
  ExpectRefused({a, (dir / "small").string(), "-m", "psnr"}, {"a/1.png", "small/1.png", "20 x 24", "19 x 24"});
  ExpectRefused({a, (dir / "other").string(), "-m", "psnr"}, {"do not pair by name", "3 of", "0x, 1x, 2x"});
  ExpectRefused({a, (dir / "none").string(), "-m", "psnr"}, {"none: no such folder"});
  ExpectRefused({a, b, "-m", "psnrr"}, {"unknown metric \"psnrr\"; known: psnr, ssim"});
  WriteFile(dir / "half/1.avif", "x");
  fs::copy_file(dir / "a/0.png", dir / "half/0.png");
  ExpectRefused({a, (dir / "half").string(), "-m", "psnr"}, {"half/1.avif", "formats that are not read"});
  ExpectRefused({a, b, "-m", "psnr", "--frames", "3"}, {"--frames is for clips"});
  ExpectRefused({a, b, "-m", "latent_error"}, {"latents"});
  ExpectRefused({a, b, "-m", "psnr", "--format", "xml"}, {"xml"});
  ExpectRefused({a, b, "-m", "psnr", "--per-frame", (dir / "x.csv").string()}, {"--clips"});
  WriteFile(dir / "b/0.jpg", ReadFile(dir / "b/0.png"));
  ExpectRefused({a, b, "-m", "psnr"}, {"two pictures with one name"});
}

// The first `n` shipped pictures, one of them once more.
void CopyShipped(const fs::path& folder, int first, int n) {
  fs::create_directories(folder);
  for (int i = first; i < first + n; ++i) {
    const std::string name = fmt::format("{:06}.png", i);
    fs::copy_file(testing::SourceDir() / "datasets/fashion_scenes/images" / name, folder / name);
  }
}

TEST(Metrics, SetsAndStatisticsFiles) {
  const TempDir dir;
  CopyShipped(dir / "a", 0, 24);
  CopyShipped(dir / "b", 24, 30);
  CopyShipped(dir / "one", 0, 1);
  const std::string a = (dir / "a").string(), b = (dir / "b").string(), file = (dir / "b.npz").string();
  const std::string captions = (testing::SourceDir() / "datasets/fashion_scenes/captions.json").string();
  const Json folders = Measure({a, b, "-m", "fd_fashion,kd_fashion,prc_fashion"});
  const double distance = RowOf(folders, "fd_fashion").at("value").get<double>();
  EXPECT_GT(distance, 1);
  EXPECT_EQ(RowOf(folders, "fd_fashion").at("count"), 24);
  EXPECT_THAT(RowOf(folders, "fd_fashion").at("note").get<std::string>(),
              HasSubstr("24 pictures and 30 reference pictures for 128 dimensions: the covariance is singular"));
  Measure({b, "--save-stats", file, "--keep-features", "-m", "fd_fashion,caption_accuracy", "--captions", captions});
  const Json statistics = Measure({a, file, "-m", "fd_fashion,kd_fashion,prc_fashion"});
  for (const char* metric : {"fd_fashion", "kd_fashion", "prc_fashion precision", "prc_fashion recall"})
    EXPECT_NEAR(RowOf(statistics, metric).at("value").get<double>(), RowOf(folders, metric).at("value").get<double>(),
                1e-9 * distance)
        << metric;
  ExpectRefused({(dir / "one").string(), file, "-m", "fd_fashion"}, {"fd_fashion: ", "one (1 picture) has 1 sample"});
  ExpectRefused({a, file, "-m", "psnr"}, {"psnr needs pictures; ", "b.npz holds statistics"});
  // What can be measured is; the exit code says that something could not.
  const auto both = Skipbench({"metrics", a, file, "-m", "psnr,fd_fashion", "--format", "json", "--quiet"});
  EXPECT_EQ(both.exit_code, 3);
  EXPECT_THAT(both.err, HasSubstr("psnr needs pictures; "));
  const Json some = ParseJson(both.out, "report");
  EXPECT_FALSE(RowOf(some, "psnr").at("available").get<bool>());
  EXPECT_EQ(RowOf(some, "fd_fashion").at("value"), RowOf(statistics, "fd_fashion").at("value"));
  EXPECT_EQ(Measure({a, file, "-m", "psnr,fd_fashion", "--allow-missing"}), some);
  ExpectRefused({a, file, "-m", "fd:inception:clean"}, {"inception_v3_fid.safetensors", "metric_weights.py"});
  WriteFile(file, ReadFile(file).substr(0, 3000));
  ExpectRefused({a, file, "-m", "fd_fashion"}, {"b.npz"});
}

TEST(Metrics, MissingWeightsAreSaidOrStop) {
  const TempDir dir;
  testing::WritePicture(dir / "a/1.png", Picture(1));
  testing::WritePicture(dir / "b/1.png", Picture(2));
  const std::string a = (dir / "a").string(), b = (dir / "b").string();
  ExpectRefused({a, b, "-m", "psnr,lpips", "-w", a}, {"lpips:alex", "lpips_alex_features.safetensors", a});
  const Json report = Measure({a, b, "-m", "psnr,lpips,fid,fvd", "--allow-missing"});
  EXPECT_TRUE(RowOf(report, "psnr").at("value").is_number());
  for (const char* metric : {"lpips:alex", "fid:clean", "fvd"}) {
    EXPECT_FALSE(RowOf(report, metric).at("available").get<bool>());
    EXPECT_THAT(RowOf(report, metric).at("note").get<std::string>(), HasSubstr(".safetensors"));
  }
}

TEST(Metrics, InRunsAndTheirTables) {
  const TempDir dir;
  Json config = testing::SmallConfig(6, 6);
  config["metrics"] = {"psnr", "psnr:paper", "caption_accuracy", "fd_fashion", "fid"};
  config["save"] = {"images"};
  config["wave_size"] = 4;
  const auto refused = testing::RunConfig(dir, config, "out");
  EXPECT_EQ(refused.exit_code, 3);
  EXPECT_THAT(refused.err, HasSubstr("inception_v3_fid.safetensors"));
  EXPECT_FALSE(fs::exists(dir / "out"));
  const auto run = testing::RunConfig(dir, config, "out", {"--allow-missing"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  for (const char* text : {"fd_fashion (data)", "fd_fashion (reference)", "psnr:paper dB (reference)",
                           "caption accuracy", "not available"})
    EXPECT_THAT(run.out, HasSubstr(text));
  const std::string out = (dir / "out").string();
  const auto json = Skipbench({"table", out, "--format", "json"});
  ASSERT_EQ(json.exit_code, 0) << json.err;
  const Json table = ParseJson(json.out, "table");
  // The same from the pictures themselves, with the folder of the shipped pictures as reference.
  const Json again = Measure({out, (testing::SourceDir() / "datasets/fashion_scenes/images").string(), "-m",
                              "fd_fashion,caption_accuracy", "--setting", "fewer_steps(steps=5)"});
  const Json own = Measure({out, "-m", "psnr:paper,fd_fashion", "--setting", "fewer_steps(steps=5)"});
  for (const Json& setting : table.at("settings")) {
    if (setting.at("setting") != "fewer_steps(steps=5)") continue;
    const auto value = [&](const char* metric, const char* against) {
      return setting.at("distances").at(metric).at(against).at("value").get<double>();
    };
    EXPECT_NEAR(value("fd_fashion", "data"), RowOf(again, "fd_fashion").at("value").get<double>(), 1e-3);
    EXPECT_NEAR(value("fd_fashion", "reference"), RowOf(own, "fd_fashion").at("value").get<double>(), 1e-3);
    EXPECT_NEAR(value("psnr:paper", "reference"), RowOf(own, "psnr:paper").at("value").get<double>(), 1e-9);
    EXPECT_NEAR(setting.at("metrics").at("caption_accuracy").at("mean").get<double>(),
                RowOf(again, "caption_accuracy").at("value").get<double>(), 1e-12);
    EXPECT_FALSE(setting.at("distances").at("fid:clean").at("reference").at("available").get<bool>());
  }
  // Every setting is a row: against another set, and against the run's own reference, which has a row of its own.
  const std::string folder = (dir / "shipped").string();
  CopyShipped(folder, 0, 8);
  std::vector<std::string> labels;
  const Json against_folder = Measure({out, folder, "-m", "fd_fashion"});
  for (const Json& row : against_folder.at("metrics")) {
    labels.push_back(row.at("setting").get<std::string>());
    EXPECT_TRUE(row.at("value").is_number());
  }
  EXPECT_EQ(labels.size(), table.at("settings").size());
  const Json every = Measure({out, "-m", "psnr,caption_accuracy"});
  ASSERT_EQ(every.at("metrics").size(), 2 * labels.size());
  for (const Json& row : every.at("metrics")) {
    SCOPED_TRACE(row.dump());
    const bool nothing = row.at("setting") == "full_step" && row.at("metric") == "psnr";
    EXPECT_EQ(row.at("value").is_number(), !nothing);
    if (!nothing) continue;
    EXPECT_THAT(row.at("note").get<std::string>(),
                HasSubstr("the reference that the other settings are compared with"));
  }
  const auto paired = Skipbench({"table", out, "--paired", "fewer_steps(steps=5)", "--format", "json"});
  ASSERT_EQ(paired.exit_code, 0) << paired.err;
  const Json differences = ParseJson(paired.out, "paired");
  EXPECT_EQ(differences.at("settings").size(), 3u);
  EXPECT_TRUE(differences.at("settings")[1].at("metrics").at("psnr").at("standard_error").is_number());
  // Of sets: the difference of the two values in the table, with an interval of its own.
  const Json& set = differences.at("settings")[1].at("set_metrics").at("fd_fashion (data)");
  const auto value = [&](const std::string& label) {
    for (const Json& setting : table.at("settings"))
      if (setting.at("setting") == label)
        return setting.at("distances").at("fd_fashion").at("data").at("value").get<double>();
    return std::nan("");
  };
  EXPECT_NEAR(set.at("difference").get<double>(),
              value(differences.at("settings")[1].at("setting").get<std::string>()) - value("fewer_steps(steps=5)"),
              1e-9);
  EXPECT_GT(set.at("standard_error").get<double>(), 0);
}

}  // namespace
}  // namespace skipbench
