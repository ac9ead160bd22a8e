// Experiments on clips, as a whole: runs, what they leave behind, and bad input.
#include <ATen/ATen.h>

#include <array>
#include <filesystem>
#include <map>

#include "harness/io/pictures/image.h"
#include "harness/io/pictures/png.h"
#include "harness/report/figures/contact_sheet.h"
#include "tests/cli/cli_support.h"
#include "tests/support/tensor_files.h"

namespace skipbench {
namespace {

namespace fs = std::filesystem;
using testing::RunConfig;
using testing::TempDir;

fs::path Fixtures() { return testing::SourceDir() / "tests/fixtures/video"; }

// A list with pictures: FILE<tab>PROMPT.
void WriteList(const TempDir& dir,
               const std::string& text = "start_0.png\ta boat on a lake\nstart_1.png\ta red bicycle\n") {
  testing::WriteFile(dir / "list.txt", text);
}

Json VideoConfig(const TempDir& dir, const std::string& model = "i2vgen-xl-tiny") {
  return {{"name", "video"},
          {"pipeline", (Fixtures() / "models" / model).string()},
          {"steps", 8},
          {"frames", 3},
          {"height", 32},
          {"width", 48},
          {"threads", 1},
          {"data",
           {{"type", "prompts"}, {"file", (dir / "list.txt").string()}, {"images", (Fixtures() / "images").string()}}},
          {"methods",
           {{{"type", "full_step"}},
            {{"type", "adaptive_diffusion"}, {"delta", {0.05, 0.5}}},
            {{"type", "deepcache"}, {"interval", 2}, {"branch", 1}}}},
          {"metrics", {"psnr", "ssim", "latent_error", "fd_motion"}}};
}

TEST(Video, RunsAndLeavesClips) {
  const TempDir dir;
  WriteList(dir);
  Json config = VideoConfig(dir);
  config["save"] = {"images", "png", "apng", "latents"};
  config["contact_sheet"] = 2;
  const auto run = RunConfig(dir, config, "out");
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const ResultReader result = ResultReader::Open(dir / "out");
  ASSERT_EQ(result.samples().size(), 2u);
  EXPECT_EQ(result.samples()[1].caption, "a red bicycle");
  EXPECT_EQ(result.Read<uint8_t>(0, "images").shape, (std::vector<int64_t>{2, 3, 32, 48, 3}));
  EXPECT_EQ(result.Read<float>(1, "latents").shape, (std::vector<int64_t>{2, 9, 4, 3, 4, 6}));
  for (const double nfe : result.Read<double>(3, "nfe").values) EXPECT_EQ(nfe, 4);
  for (const double nfe : result.Read<double>(3, "shallow_nfe").values) EXPECT_EQ(nfe, 4);
  // The clip's PSNR is the mean over its frames.
  const auto clips = result.Read<double>(2, "psnr").values,
             frames = result.Read<double>(2, "features/psnr_per_frame").values;
  ASSERT_EQ(frames.size(), 6u);
  for (size_t s = 0; s < 2; ++s)
    EXPECT_NEAR((frames[3 * s] + frames[3 * s + 1] + frames[3 * s + 2]) / 3, clips[s], 1e-4);
  EXPECT_EQ(result.Read<double>(2, "features/ssim_per_frame").shape, (std::vector<int64_t>{2, 3}));
  // The full run's clips are at no distance from themselves; those of others are.
  EXPECT_EQ(result.Read<float>(2, "features/motion").shape, (std::vector<int64_t>{2, 9}));
  const auto table = testing::Skipbench({"table", (dir / "out").string()});
  for (const char* text : {"fd_motion (reference)", "2 samples, clips of 3 frames", "2 clips for 9 dimensions",
                           "of a clip the mean over its frames", "- (reference): the setting's clips as a set"})
    EXPECT_NE(table.out.find(text), std::string::npos) << "wanted: " << text << "\n" << table.out;
  EXPECT_EQ(SheetOf(result, 1).rows[0], "a boat on a lake (frames 1, 2, 3 of 3)");
  // The files show what the results hold.
  const auto images = result.Read<uint8_t>(0, "images").values;
  const fs::path clip = dir / "out/png/full_step/000001";
  for (int frame = 0; frame < 3; ++frame) {
    const Image image = ReadImage(clip / fmt::format("{:04}.png", frame));
    const auto begin = images.begin() + (3 + frame) * 32 * 48 * 3;
    EXPECT_TRUE(std::equal(image.pixels.begin(), image.pixels.end(), begin)) << frame;
  }
  EXPECT_TRUE(fs::exists(dir / "out/apng/full_step/000000.png"));
  EXPECT_GT(ReadImage(dir / "out/contact_sheet.png").width, 4 * 3 * 48);
}

// LPIPS with made-up weights: a clip's value is the mean over its frames, and every frame's stands beside it.
TEST(Video, LpipsOfEveryFrame) {
  const TempDir dir;
  std::map<std::string, at::Tensor> features, heads;
  const std::vector<std::array<int64_t, 4>> layers = {
      {0, 64, 3, 11}, {3, 192, 64, 5}, {6, 384, 192, 3}, {8, 256, 384, 3}, {10, 256, 256, 3}};
  for (size_t i = 0; i < layers.size(); ++i) {
    const auto& [index, out, in, kernel] = layers[i];
    const std::string layer = fmt::format("features.{}.", index);
    features[layer + "weight"] = at::arange(out * in * kernel * kernel)
                                     .remainder(7)
                                     .sub(3)
                                     .to(at::kFloat)
                                     .div(in * kernel)
                                     .view({out, in, kernel, kernel});
    features[layer + "bias"] = at::zeros({out});
    heads[fmt::format("lin{}.model.1.weight", i)] = at::ones({1, out, 1, 1});
  }
  WriteTensorFile(dir / "lpips_alex_features.safetensors", features);
  WriteTensorFile(dir / "lpips_v0.1_alex.safetensors", heads);
  WriteList(dir);
  Json config = VideoConfig(dir);
  config["metrics"] = {"lpips"};
  config["metric_weights"] = {dir.path().string()};
  config["methods"] = {{{"type", "full_step"}}, {{"type", "fewer_steps"}, {"steps", 3}}};
  const auto run = RunConfig(dir, config, "out");
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const ResultReader result = ResultReader::Open(dir / "out");
  for (int setting = 0; setting < 2; ++setting) {
    const auto clips = result.Read<double>(setting, "lpips_alex").values;
    const auto frames = result.Read<double>(setting, "features/lpips_alex_per_frame");
    ASSERT_EQ(frames.shape, (std::vector<int64_t>{2, 3}));
    for (size_t s = 0; s < 2; ++s) {
      const double* frame = frames.values.data() + 3 * s;
      EXPECT_NEAR((frame[0] + frame[1] + frame[2]) / 3, clips[s], 1e-6);
      EXPECT_EQ(clips[s] > 0, setting == 1);
    }
  }
}

// Batches, waves and decoding chunks change nothing but float noise; a resumed run is the whole one.
TEST(Video, ResultsDoNotDependOnHowTheWorkIsCut) {
  const TempDir dir;
  WriteList(dir);
  Json config = VideoConfig(dir);
  config["batch_invariant"] = true;
  ASSERT_EQ(RunConfig(dir, config, "a").exit_code, 0);
  config["batch_size"] = 1;
  config["wave_size"] = 1;
  config["decode_chunk"] = 1;
  ASSERT_EQ(RunConfig(dir, config, "b").exit_code, 0);
  EXPECT_EQ(testing::Differences(dir / "a", dir / "b"), "");
}

void ExpectRefused(const TempDir& dir, const Json& config, const std::string& text) {
  const auto run = RunConfig(dir, config, "refused");
  EXPECT_EQ(run.exit_code, 3) << run.out;
  EXPECT_NE(run.err.find(text), std::string::npos) << "wanted: " << text << "\nfound: " << run.err;
  EXPECT_FALSE(fs::exists(dir / "refused/results.h5"));
}

TEST(Video, BadConfigs) {
  const TempDir dir;
  WriteList(dir);
  const auto changed = [&](const char* key, const Json& value) {
    Json config = VideoConfig(dir);
    config[key] = value;
    return config;
  };
  ExpectRefused(dir, changed("frames", 0), "frames: expected an integer in [1, 1024], found 0");
  ExpectRefused(dir, changed("frames", 1), "frames: a clip of I2VGenXLPipeline has two or more, found 1");
  ExpectRefused(dir, changed("fps", 0), "fps: expected a number in [1, 120], found 0");
  ExpectRefused(dir, changed("fps", 1000), "fps: expected a number in [1, 120], found 1000");
  ExpectRefused(dir, changed("fps", "fast"), "fps: expected a number");
  ExpectRefused(dir, changed("decode_chunk", 0), "decode_chunk");
  ExpectRefused(dir, changed("height", 30), "multiples of 8");
  ExpectRefused(dir, changed("vae_tiling", true), "vae_tiling: frames are decoded in chunks (decode_chunk); ");
  Json config = changed("decode_chunk", 2);
  config["batch_invariant"] = true;
  ExpectRefused(dir, config, "decode_chunk: with batch_invariant every frame is decoded alone");
  config = VideoConfig(dir);
  config["data"].erase("images");
  ExpectRefused(dir, config, "has no start image, which an image_to_video pipeline needs");
  WriteList(dir, "start_0.png a boat without a tab\n");
  ExpectRefused(dir, VideoConfig(dir), "list.txt:1: expected the picture's file name, a tab and the prompt");
  WriteList(dir, "nowhere.png\ta boat\n");
  ExpectRefused(dir, VideoConfig(dir),
                "list.txt:1: the picture " + (Fixtures() / "images/nowhere.png").string() + " is missing");
  // Keys of clips on a pipeline of pictures.
  config = testing::SmallConfig(1, 4);
  const Json video_keys = {{"frames", 8}, {"fps", 8}, {"decode_chunk", 2}, {"save", {"apng"}}};
  for (const auto& [key, value] : video_keys.items()) {
    Json picture = config;
    picture[key] = value;
    ExpectRefused(dir, picture, std::string(key == "save" ? "apng" : key));
  }
}

// A start image that cannot be used is found by run, --dry-run and doctor, not by the wave that needs it.
TEST(Video, StartImageOfTheWrongKind) {
  const TempDir dir;
  fs::create_directories(dir / "pictures");
  testing::WriteFile(dir / "pictures/a.png", "this is text");
  fs::copy(Fixtures() / "images/start_0.png", dir / "pictures/b.png");
  WriteList(dir, "b.png\ta lake\na.png\ta boat\n");
  Json config = VideoConfig(dir);
  config["data"]["images"] = (dir / "pictures").string();
  const std::string message = "list.txt:2: " + (dir / "pictures/a.png").string() +
                              ": neither a PNG nor a JPEG, WebP, BMP, PNM, TIFF or GIF picture";
  ExpectRefused(dir, config, message);
  EXPECT_FALSE(fs::exists(dir / "refused"));
  const std::string file = (dir / "config.json").string();
  testing::WriteFile(file, config.dump());
  for (const auto& args : std::vector<std::vector<std::string>>{{"run", file, "--dry-run"}, {"doctor", file}}) {
    const auto run = testing::Skipbench(args);
    EXPECT_EQ(run.exit_code, 3) << args[0];
    EXPECT_NE((run.out + run.err).find(message), std::string::npos) << run.out << run.err;
  }
  // Nobody can crop this to a clip's shape.
  WritePng(dir / "pictures/a.png", Image{.width = 1, .height = 30000, .pixels = std::vector<uint8_t>(90000)});
  ExpectRefused(dir, config, "data: sample 1: start image: a picture of 1 x 30000 cannot be resized");
}

}  // namespace
}  // namespace skipbench
