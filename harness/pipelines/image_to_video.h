// I2VGen-XL (Zhang et al. 2023): a caption and a start image to a clip.
#pragma once

#include <memory>
#include <vector>

#include "harness/io/pictures/resize.h"
#include "harness/models/clip_vision.h"
#include "harness/models/i2vgen_xl_unet.h"
#include "harness/pipelines/latent_pipeline.h"

namespace skipbench {

// How the start image becomes the two networks' input, with every stage on the way; see io/pictures/resize.h.
struct StartImage {
  WideCrop clip, vae;      // cropped to width x width, and to width x height
  Image clip_resized;      // bilinear to the image encoder's size
  at::Tensor clip_pixels;  // [3, size, size]: /255, minus mean, over standard deviation
  at::Tensor vae_pixels;   // [3, height, width] in [-1, 1]
};
struct ClipPixels {
  int width = 224, height = 224;  // of the image encoder's input
  std::vector<double> mean, std;  // of each channel
};
StartImage PrepareStartImage(const Image& image, int width, int height, const ClipPixels& clip);

class ImageToVideo : public LatentPipeline {
 public:
  ImageToVideo(const ModelSource& source, const PipelineOptions& options);

  // Every sample needs an image; errors name the sample, and the file where it cannot be read.
  // The latent of the start image is a draw from the autoencoder's distribution. diffusers takes it from the global
  // generator, which nobody can repeat; here it depends on (seed, sample id) alone.
  std::unique_ptr<Denoiser> Encode(std::span<const Sample> samples, double guidance, bool one_by_one) const override;
  void CheckInput(const Sample& sample) const override { ReadStartImage(sample); }

  // The parts of the conditioning, before the U-Net has seen any of it.
  at::Tensor EncodeTexts(const std::vector<std::string>& texts, bool one_by_one) const;  // [n, L, D]
  at::Tensor EmbedImages(const at::Tensor& clip_pixels) const;                           // [n, 3, s, s] -> [n, D]
  // [n, 3, H, W] and unit noise [n, 4, h, w] -> [n, 4, F, h, w].
  at::Tensor ImageLatents(const at::Tensor& vae_pixels, const at::Tensor& noise) const;
  const ClipPixels& clip_pixels() const { return clip_pixels_; }

 private:
  StartImage ReadStartImage(const Sample& sample) const;
  at::Tensor NoiseFor(const Sample& sample) const;
  const I2VGenXLUNet& unet() const { return dynamic_cast<const I2VGenXLUNet&>(network()); }

  ClipPixels clip_pixels_;
  std::optional<TextEncoder> encoder_;  // not with shapes_only, like the rest
  std::unique_ptr<CLIPVisionModelWithProjection> image_encoder_;
};

PipelineType ImageToVideoPipelineType();

}  // namespace skipbench
