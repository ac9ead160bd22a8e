#include "harness/pipelines/image_to_video.h"

#include <ATen/ATen.h>

#include "harness/base/error.h"
#include "harness/pipelines/pictures.h"
#include "harness/runtime/noise.h"

namespace skipbench {

namespace {

constexpr int64_t kOwnHeight = 704, kOwnWidth = 1280;  // diffusers' defaults
// The draw of the start image's latent comes after every draw that a trajectory may ask for (calls are at most 1000 or
// so).
constexpr int kImageDraw = 1 << 20;

// uint8 [height, width, 3] -> float32 [3, height, width], 0..255.
at::Tensor ToTensor(const Image& image) {
  return at::tensor(image.pixels, at::kByte)
      .view({image.height, image.width, image.channels})
      .permute({2, 0, 1})
      .to(at::kFloat);
}

at::Tensor PerChannel(const std::vector<double>& values) { return at::tensor(values, at::kFloat).view({3, 1, 1}); }

ClipPixels ReadFeatureExtractor(const ModelSource& source) {
  const ModelSource::Config config = source.ConfigOf(
      "feature_extractor",
      {"CLIPImageProcessor", "CLIPFeatureExtractor", "CLIPImageProcessorFast", "CLIPImageProcessorPil"});
  const JsonReader json = config.reader();
  ClipPixels pixels;
  const auto triple = [&](const char* key) {
    const std::vector<double> values = json.Doubles(key);
    if (values.size() != 3) json.FailAt(key, fmt::format("expected 3 numbers, found {}", values.size()));
    return values;
  };
  pixels.mean = triple("image_mean");
  pixels.std = triple("image_std");
  for (double value : pixels.std)
    if (!(value > 0)) json.FailAt("image_std", fmt::format("expected positive numbers, found {}", value));
  const Json* size = json.Find("crop_size");
  if (size && size->is_number_integer()) {  // older files
    pixels.width = pixels.height = static_cast<int>(json.Int("crop_size", 1, 1 << 14));
  } else {
    if (!size || !size->is_object() || !size->contains("width") || !size->contains("height"))
      json.FailAt("crop_size", "expected {\"width\": ..., \"height\": ...}");
    const JsonReader crop(*size, config.file, "crop_size");
    pixels.width = static_cast<int>(crop.Int("width", 1, 1 << 14));
    pixels.height = static_cast<int>(crop.Int("height", 1, 1 << 14));
  }
  return pixels;
}

}  // namespace

StartImage PrepareStartImage(const Image& image, int width, int height, const ClipPixels& clip) {
  StartImage start;
  start.clip = CropWide(image, width, width);
  start.clip_resized = Resize(start.clip.cropped, clip.width, clip.height, ResizeFilter::kBilinear);
  start.clip_pixels = (ToTensor(start.clip_resized) / 255 - PerChannel(clip.mean)) / PerChannel(clip.std);
  start.vae = CropWide(image, width, height);
  start.vae_pixels = 2 * (ToTensor(start.vae.cropped) / 255) - 1;
  return start;
}

ImageToVideo::ImageToVideo(const ModelSource& source, const PipelineOptions& options)
    : LatentPipeline(source, options, "image_to_video") {
  info_.needs_caption = info_.needs_image = info_.guided = true;
  info_.default_guidance = 9.0;  // diffusers' default
  OpenNetwork(source, "unet", {"I2VGenXLUNet"});
  ReadAutoencoder(source, {.height = kOwnHeight, .width = kOwnWidth});
  const auto text = ReadTextConfig(source, "text_encoder");
  const auto vision = ParseConfigOf<CLIPVisionModelWithProjection>(source, "image_encoder");
  clip_pixels_ = ReadFeatureExtractor(source);
  if (clip_pixels_.width != vision.image_size || clip_pixels_.height != vision.image_size)
    Fail("{}: the feature extractor makes pictures of {} x {}, the image encoder takes {} x {}", source.path().string(),
         clip_pixels_.width, clip_pixels_.height, vision.image_size, vision.image_size);
  Gives("encoder_hidden_states", {text.max_position_embeddings, text.hidden_size});
  Gives("image_latents", info_.latent_shape);
  Gives("image_embeddings", {vision.projection_dim});
  Gives("fps", {});
  if (shapes_only()) return;
  encoder_ = OpenEncoderOf(source, "");
  image_encoder_ = LoadPart<CLIPVisionModelWithProjection>(source, "image_encoder");
  LoadAutoencoder(source, options.dtype);
}

at::Tensor ImageToVideo::EncodeTexts(const std::vector<std::string>& texts, bool one_by_one) const {
  // clip_skip 1: the last layer but one, after the final norm.
  return EncodeTokens(*encoder_, texts, one_by_one, options_.device,
                      [this](const ClipTextOutput& out) { return encoder_->model->FinalNorm(out.penultimate()); });
}

at::Tensor ImageToVideo::EmbedImages(const at::Tensor& clip_pixels) const {
  return image_encoder_->Forward(clip_pixels.to(options_.device)).image_embeds;
}

at::Tensor ImageToVideo::ImageLatents(const at::Tensor& vae_pixels, const at::Tensor& noise) const {
  const LatentDistribution distribution = SplitMoments(vae().Encode(vae_pixels.to(options_.device)));
  const at::Tensor sample = distribution.mean + distribution.std * noise.to(distribution.std.options());
  return I2VGenXLImageLatents(sample * vae().config().scaling_factor, info_.frames);
}

StartImage ImageToVideo::ReadStartImage(const Sample& sample) const {
  if (sample.image.empty()) Fail("sample {}: no start image, which an image_to_video pipeline needs", sample.id);
  try {
    return PrepareStartImage(ReadUprightImage(sample.image), static_cast<int>(info_.image_shape[2]),
                             static_cast<int>(info_.image_shape[1]), clip_pixels_);
  } catch (const Error& e) {
    Fail("sample {}: start image: {}", sample.id, e.what());
  }
}

at::Tensor ImageToVideo::NoiseFor(const Sample& sample) const {
  return CounterNoise(options_.seed)
      ->Open(sample.id, 0, {info_.latent_shape[0], info_.latent_shape[2], info_.latent_shape[3]})
      ->Draw(kImageDraw);
}

std::unique_ptr<Denoiser> ImageToVideo::Encode(std::span<const Sample> samples, double guidance,
                                               bool one_by_one) const {
  const int64_t n = static_cast<int64_t>(samples.size());
  std::vector<at::Tensor> embeddings, latents;
  for (const auto& sample : samples) {
    // One image at a time: they may be large.
    const StartImage start = ReadStartImage(sample);
    embeddings.push_back(EmbedImages(start.clip_pixels.unsqueeze(0)));
    latents.push_back(ImageLatents(start.vae_pixels.unsqueeze(0), NoiseFor(sample).unsqueeze(0)));
  }
  const at::Tensor image_embeddings = at::cat(embeddings), image_latents = at::cat(latents);
  Conditioning conditioning = ConditioningFor(n, guidance, one_by_one);
  const auto of_samples = [&](const auto& encode) { return EncodeRows(n, one_by_one, encode); };
  const at::Tensor texts = EncodeTexts(CaptionsOf(samples), one_by_one);
  conditioning.tokens = of_samples([&](int64_t i, int64_t count) {
    return unet().ContextTokens(texts.narrow(0, i, count), image_latents.narrow(0, i, count),
                                image_embeddings.narrow(0, i, count));
  });
  if (conditioning.guidance_rows == 2) {
    // The unconditional half knows the image's latents, but neither the text nor the image's embedding.
    const at::Tensor negative = EncodeTexts({options_.negative_prompt.value_or("")}, one_by_one);
    const at::Tensor unconditional = of_samples([&](int64_t i, int64_t count) {
      return unet().ContextTokens(negative.expand({count, -1, -1}), image_latents.narrow(0, i, count),
                                  at::zeros_like(image_embeddings.narrow(0, i, count)));
    });
    conditioning.tokens = at::cat({unconditional, conditioning.tokens});
  }
  const int64_t guidance_rows = conditioning.guidance_rows;
  conditioning.rows = RowNumbers(guidance_rows * n).view({guidance_rows, n});
  const at::Tensor encoded = of_samples([&](int64_t i, int64_t count) {
                               return unet().EncodeImageLatents(image_latents.narrow(0, i, count));
                             }).unsqueeze(0);
  conditioning.inputs["encoded_image_latents"] = guidance_rows == 2 ? at::cat({encoded, encoded}) : encoded;
  conditioning.inputs["fps"] = at::full({guidance_rows, n}, options_.fps, at::TensorOptions().device(options_.device));
  return MakeDenoiser(std::move(conditioning));
}

PipelineType ImageToVideoPipelineType() {
  return PipelineTypeOf<ImageToVideo>(
      {"I2VGenXLPipeline"}, "",
      {{"i2vgen-xl", "the folder, as its fp16 variant if wanted", "14 GB, fp16 7 GB",
        "the source shows each file's SHA-256", "huggingface.co/ali-vilab/i2vgen-xl", "as it is"}});
}

}  // namespace skipbench
