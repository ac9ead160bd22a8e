// skipbench metrics on folders of pictures.
#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include <filesystem>

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
  for (const char* name : {"grey16.png", "cmyk.jpg"}) {
    fs::create_directories(dir / name);
    fs::copy_file(testing::SourceDir() / "tests/io/pictures" / name, dir / name / name);
    ExpectRefused({(dir / name).string(), (dir / name).string(), "-m", "psnr"}, {name});
  }
  ExpectRefused({a, b, "-m", "latent_error"}, {"latents"});
  ExpectRefused({a, b, "-m", "psnr", "--format", "xml"}, {"xml"});
  ExpectRefused({a, b, "-m", "psnr", "--per-frame", (dir / "x.csv").string()}, {"--clips"});
  WriteFile(dir / "b/0.jpg", ReadFile(dir / "b/0.png"));
  ExpectRefused({a, b, "-m", "psnr"}, {"two pictures with one name"});
}

}  // namespace
}  // namespace skipbench
