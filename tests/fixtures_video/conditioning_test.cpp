// Everything before the loop: start images byte by byte, and the pipelines' conditioning from texts and PNG files.
#include "harness/io/pictures/image.h"
#include "harness/pipelines/image_to_video.h"
#include "tests/fixtures_video/video_fixtures.h"

namespace skipbench {
namespace {

using testing::ForEachVideoCase;
using testing::Manifest;
using testing::MaxAbsDiff;
using testing::ModelPath;
using testing::VideoCase;

bool All(const Json&) { return true; }

at::Tensor Pixels(const Image& image) {
  return at::tensor(image.pixels, at::kByte).view({image.height, image.width, image.channels});
}

void ExpectBytes(const VideoCase& c, const std::string& name, const Image& image) {
  if (!c.tensors.contains(name)) return;
  EXPECT_LE(MaxAbsDiff(Pixels(image), c.tensors.at(name)), c.Tolerance("uint8")) << name;
}

void CheckPreprocess(const Manifest& manifest, const VideoCase& c) {
  const Json extractor = ReadJsonFile(ModelPath(manifest, c.model) / "feature_extractor" / "preprocessor_config.json");
  ClipPixels clip;
  clip.width = clip.height = c.json.at("clip_size");
  clip.mean = extractor.at("image_mean").get<std::vector<double>>();
  clip.std = extractor.at("image_std").get<std::vector<double>>();
  const Image image = ReadImage(manifest.folder / c.json.at("file").get<std::string>());
  ExpectBytes(c, "image", image);
  const StartImage start = PrepareStartImage(image, c.json.at("width"), c.json.at("height"), clip);
  const auto place = [](const WideCrop& crop) {
    return Json{{crop.scaled.width, crop.scaled.height}, {crop.left, crop.top}};
  };
  EXPECT_EQ(place(start.clip), (Json{c.json.at("clip_scaled_wh"), c.json.at("clip_offset_xy")}));
  EXPECT_EQ(place(start.vae), (Json{c.json.at("vae_scaled_wh"), c.json.at("vae_offset_xy")}));
  ASSERT_TRUE(c.tensors.contains("clip_cropped") && c.tensors.contains("clip_resized") &&
              c.tensors.contains("vae_cropped"));
  ExpectBytes(c, "clip_scaled", start.clip.scaled);
  ExpectBytes(c, "clip_cropped", start.clip.cropped);
  ExpectBytes(c, "clip_resized", start.clip_resized);
  ExpectBytes(c, "vae_scaled", start.vae.scaled);
  ExpectBytes(c, "vae_cropped", start.vae.cropped);
  c.Expect("clip_pixel_values", start.clip_pixels);
  if (c.tensors.contains("vae_pixel_values")) c.Expect("vae_pixel_values", start.vae_pixels);
}

TEST(VideoFixtures, StartImagesArePreparedByteByByte) { ForEachVideoCase("preprocess", All, CheckPreprocess); }

std::vector<std::string> Prompts(const VideoCase& c) { return c.json.at("prompts").get<std::vector<std::string>>(); }

void CheckTextToVideo(const std::filesystem::path& folder, const VideoCase& c) {
  const FolderSource source(folder);
  const TextEncoder encoder = OpenTextEncoder(source, "", ClipVariant::kSlow, {});
  std::vector<std::string> texts(Prompts(c).size());  // the unconditional half: empty
  for (const std::string& prompt : Prompts(c)) texts.push_back(prompt);
  for (size_t i = 0; i < texts.size(); ++i)
    EXPECT_TRUE(at::tensor(encoder.tokenizer.Encode(texts[i]), at::kLong)
                    .equal(c.tensors.at("input_ids")[static_cast<int64_t>(i)]))
        << texts[i];
  c.Expect("encoder_hidden_states", EncodeTokens(encoder, texts, false, at::kCPU,
                                                 [](const ClipTextOutput& out) { return out.last_hidden_state; }));
}

void CheckImageToVideo(const Manifest& manifest, const std::filesystem::path& folder, const VideoCase& c) {
  PipelineOptions options;
  options.frames = c.frames;
  options.height = c.tensors.at("vae_pixels").size(2);
  options.width = c.tensors.at("vae_pixels").size(3);
  const ImageToVideo pipeline(FolderSource(folder), options);
  std::vector<std::string> texts(Prompts(c).size());
  for (const std::string& prompt : Prompts(c)) texts.push_back(prompt);
  c.Expect("encoder_hidden_states", pipeline.EncodeTexts(texts, false));
  std::vector<at::Tensor> clip, vae;
  for (const Json& name : c.json.at("images")) {
    const Image image = ReadImage(manifest.folder / name.get<std::string>());
    const StartImage start = PrepareStartImage(image, static_cast<int>(options.width), static_cast<int>(options.height),
                                               pipeline.clip_pixels());
    clip.push_back(start.clip_pixels);
    vae.push_back(start.vae_pixels);
  }
  EXPECT_LE(MaxAbsDiff(at::stack(clip), c.tensors.at("clip_pixels")), 1e-6);
  EXPECT_LE(MaxAbsDiff(at::stack(vae), c.tensors.at("vae_pixels")), 1e-6);
  c.Expect("image_embeds", pipeline.EmbedImages(at::stack(clip)).unsqueeze(1));
  const at::Tensor latents = pipeline.ImageLatents(at::stack(vae), c.tensors.at("vae_noise"));
  c.Expect("image_latents", at::cat({latents, latents}));
}

TEST(VideoFixtures, ConditioningEqualsTheLibraryPipelines) {
  ForEachVideoCase("conditioning", All, [](const Manifest& manifest, const VideoCase& c) {
    const std::filesystem::path folder = ModelPath(manifest, c.model);
    if (c.tensors.contains("image_latents")) return CheckImageToVideo(manifest, folder, c);
    CheckTextToVideo(folder, c);
  });
}

}  // namespace
}  // namespace skipbench
