#include "harness/pipelines/text_to_video.h"

#include "harness/pipelines/latent_pipeline.h"

namespace skipbench {

namespace {

class TextToVideo : public LatentPipeline {
 public:
  TextToVideo(const ModelSource& source, const PipelineOptions& options)
      : LatentPipeline(source, options, "text_to_video") {
    info_.needs_caption = info_.guided = true;
    info_.default_guidance = 9.0;  // diffusers' default
    OpenNetwork(source, "unet", {"UNet3DConditionModel"});
    ReadAutoencoder(source);
    const auto text = ReadTextConfig(source, "text_encoder");
    Gives("encoder_hidden_states", {text.max_position_embeddings, text.hidden_size});
    if (shapes_only()) return;
    encoder_ = OpenEncoderOf(source, "");
    LoadAutoencoder(source, options.dtype);
  }

  std::unique_ptr<Denoiser> Encode(std::span<const Sample> samples, double guidance, bool one_by_one) const override {
    const auto encode = [&](const std::vector<std::string>& texts) {
      return EncodeTokens(*encoder_, texts, one_by_one, options_.device,
                          [](const ClipTextOutput& out) { return out.last_hidden_state; });
    };
    Conditioning conditioning = ConditioningFor(static_cast<int64_t>(samples.size()), guidance, one_by_one);
    SetTokens(&conditioning, encode(CaptionsOf(samples)),
              [&] { return encode({options_.negative_prompt.value_or("")}); });
    return MakeDenoiser(std::move(conditioning));
  }

 private:
  std::optional<TextEncoder> encoder_;  // not with shapes_only
};

}  // namespace

PipelineType TextToVideoPipelineType() {
  return PipelineTypeOf<TextToVideo>(
      {"TextToVideoSDPipeline"}, "ModelScope",
      {{"text-to-video-ms-1.7b", "the folder", "7 GB", "the source shows each file's SHA-256",
        "huggingface.co/ali-vilab/text-to-video-ms-1.7b", "as it is"}});
}

}  // namespace skipbench
