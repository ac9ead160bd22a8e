// The video pipelines on the tiny random models of tests/fixtures/video: what does not depend on how the work is cut,
// and what is refused.
#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>
#include <gtest/gtest.h>

#include "harness/base/error.h"
#include "harness/io/pictures/png.h"
#include "harness/pipelines/load_pipeline.h"
#include "tests/support/fixtures.h"

namespace skipbench {
namespace {

namespace fs = std::filesystem;
using testing::MaxAbsDiff;
using testing::TempDir;

fs::path Models() { return testing::SourceDir() / "tests/fixtures/video/models"; }
fs::path StartImageFile(int k) {
  return testing::SourceDir() / fmt::format("tests/fixtures/video/images/start_{}.png", k);
}

PipelineOptions Options(int64_t frames = 3) {
  PipelineOptions options;
  options.frames = frames;
  options.height = 32;
  options.width = 48;
  return options;
}

std::vector<Sample> Samples(int count) {
  std::vector<Sample> samples;
  for (int k = 0; k < count; ++k)
    samples.push_back(
        {.id = 10 + k, .caption = fmt::format("a boat number {}", k), .label = -1, .image = StartImageFile(k % 2)});
  return samples;
}

at::Tensor Noise(at::IntArrayRef shape) {
  return at::randn(shape, at::detail::createCPUGenerator(3), at::TensorOptions(at::kFloat));
}

// Raw predictions [guidance_rows, n, ...] for samples `which` of those the denoiser was made for.
at::Tensor Predict(Denoiser& denoiser, const at::Tensor& latents, std::vector<int64_t> which) {
  DenoiserInput input;
  input.sample = latents.index_select(0, at::tensor(which));
  input.timestep = 481;
  input.conditioning = which;
  return denoiser.Predict(input).model_output;
}

TEST(VideoPipelines, Shapes) {
  const auto pipeline = LoadPipeline(Models() / "ms-t2v-tiny", Options(5));
  EXPECT_EQ(pipeline->info().kind, "text_to_video");
  EXPECT_EQ(pipeline->info().latent_shape, (std::vector<int64_t>{4, 5, 4, 6}));
  EXPECT_EQ(pipeline->info().image_shape, (std::vector<int64_t>{3, 32, 48}));
  EXPECT_EQ(pipeline->info().frames, 5);
  EXPECT_EQ(pipeline->info().default_guidance, 9);
  EXPECT_EQ(LoadPipeline(Models() / "ms-t2v-tiny", {})->info().frames, kDefaultFrames);
}

TEST(VideoPipelines, DecodingInChunksGivesTheSameClips) {
  c10::InferenceMode inference;
  PipelineOptions options = Options(5);
  at::Tensor first;
  for (const int64_t chunk : {1, 2, 4, 100}) {
    options.decode_chunk = chunk;
    const auto pipeline = LoadPipeline(Models() / "ms-t2v-tiny", options);
    const at::Tensor clips = pipeline->Decode(Noise({2, 4, 5, 4, 6}));
    ASSERT_EQ(clips.sizes(), at::IntArrayRef({2, 5, 3, 32, 48}));
    EXPECT_EQ(clips.scalar_type(), at::kByte);
    if (!first.defined()) first = clips;
    EXPECT_LE((clips.to(at::kInt) - first.to(at::kInt)).abs().max().item<int>(), 1) << chunk;
  }
}

// The latent of a start image is a draw: the same for a sample whatever the others are, another for another seed or
// sample.
TEST(VideoPipelines, StartImageDrawsBelongToTheirSample) {
  c10::InferenceMode inference;
  PipelineOptions options = Options();
  const auto predict = [&](const std::vector<Sample>& samples) {
    const auto pipeline = LoadPipeline(Models() / "i2vgen-xl-tiny", options);
    const auto denoiser = pipeline->Encode(samples, 1, true);
    return Predict(*denoiser, Noise({1, 4, 3, 4, 6}), {0}).select(1, 0).clone();
  };
  const auto samples = Samples(1);
  const at::Tensor once = predict(samples);
  EXPECT_TRUE(predict(samples).equal(once));
  auto other = samples;
  other[0].id += 1;
  EXPECT_GT(MaxAbsDiff(predict(other), once), 1e-4);
  options.seed = 5;
  EXPECT_GT(MaxAbsDiff(predict(samples), once), 1e-4);
  options.seed = 0;
  options.fps = 4;
  EXPECT_GT(MaxAbsDiff(predict(samples), once), 1e-5);
}

TEST(VideoPipelines, BadStartImagesAreNamed) {
  const auto pipeline = LoadPipeline(Models() / "i2vgen-xl-tiny", Options());
  const TempDir dir;
  const auto encode = [&](const fs::path& image) {
    auto samples = Samples(2);
    samples[1].image = image;
    pipeline->Encode(samples, 9, false);
  };
  EXPECT_ERROR(encode({}), "sample 11: no start image");
  // Found without weights, too.
  PipelineOptions shapes = Options();
  shapes.shapes_only = true;
  auto absent = Samples(1)[0];
  LoadPipeline(Models() / "i2vgen-xl-tiny", shapes)->CheckInput(absent);
  absent.image = dir / "absent.png";
  EXPECT_ERROR(LoadPipeline(Models() / "i2vgen-xl-tiny", shapes)->CheckInput(absent),
               "sample 10: start image: " + absent.image.string());
  EXPECT_ERROR(encode(dir / "absent.png"), "sample 11: start image: " + (dir / "absent.png").string());
  testing::WriteFile(dir / "notes.png", "not a picture");
  EXPECT_ERROR(encode(dir / "notes.png"), "notes.png: neither a PNG nor a JPEG, WebP, BMP, PNM, TIFF or GIF picture");
  const std::string whole = testing::ReadFile(StartImageFile(0));
  testing::WriteFile(dir / "cut.png", whole.substr(0, whole.size() / 2));
  EXPECT_ERROR(encode(dir / "cut.png"), "cut.png");
}

TEST(VideoPipelines, FoldersThatDoNotFitAreNamed) {
  const TempDir dir;
  fs::copy(Models() / "i2vgen-xl-tiny", dir / "model", fs::copy_options::recursive);
  fs::permissions(dir / "model", fs::perms::owner_all, fs::perm_options::add);
  const auto change = [&](const char* file, const char* key, const Json& value) {
    const fs::path path = dir / "model" / file;
    Json json = ReadJsonFile(path);
    const Json before = json;
    json[key] = value;
    fs::remove(path);
    testing::WriteFile(path, json.dump());
    std::string message = "no error";
    try {
      LoadPipeline(dir / "model", Options());
    } catch (const Error& e) {
      message = e.what();
    }
    fs::remove(path);
    testing::WriteFile(path, before.dump());
    return message;
  };
  const auto expect = [](const std::string& message, const char* text) {
    EXPECT_NE(message.find(text), std::string::npos) << message;
  };
  expect(change("feature_extractor/preprocessor_config.json", "crop_size", {{"height", 20}, {"width", 20}}),
         "the image encoder takes 28 x 28");
  expect(change("feature_extractor/preprocessor_config.json", "image_std", {0.5, 0, 0.5}),
         "image_std: expected positive numbers");
  expect(change("unet/config.json", "attention_head_dim", {8, 8, 8, 8}), "attention_head_dim");
  expect(change("unet/config.json", "in_channels", 9), "in_channels");
  expect(change("unet/config.json", "cross_attention_dim", 16), "the network expects");
  expect(change("unet/config.json", "block_out_channels", {8, 16, 16, 18}), "cannot be split into norm_num_groups");
}

}  // namespace
}  // namespace skipbench
