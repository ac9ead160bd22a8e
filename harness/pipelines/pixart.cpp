#include "harness/pipelines/pixart.h"

#include <ATen/ATen.h>

#include "harness/models/pixart_transformer_2d.h"
#include "harness/pipelines/prompted_pipeline.h"

namespace skipbench {

namespace {

class PixArt : public PromptedPipeline {
 public:
  PixArt(const ModelSource& source, const PipelineOptions& options)
      : PromptedPipeline(source, options, "text_to_image", 4.5, 120) {
    OpenNetwork(source, "transformer", ClassNamesOf<PixArtTransformer2DModel>());
    ReadAutoencoder(source);
    sized_ = ParseConfigOf<PixArtTransformer2DModel>(source, "transformer").use_additional_conditions;
    Gives("encoder_hidden_states", {text_length(), ParseConfigOf<T5EncoderModel>(source, "text_encoder").d_model});
    Gives("encoder_attention_mask", {text_length()});
    if (sized_) {
      Gives("resolution", {2});
      Gives("aspect_ratio", {1});
    }
    if (shapes_only()) return;
    t5_ = OpenT5Of(source, "");
    LoadAutoencoder(source, options.dtype);
  }

  PromptTensors EncodePrompts(const std::vector<std::string>& prompts) const override {
    return EncodePixArtPrompts(*t5_, prompts, text_length(), options_.device);
  }

 private:
  void AddInputs(Conditioning* conditioning, double) const override {
    if (!sized_) return;
    const auto height = static_cast<double>(info_.image_shape[1]), width = static_cast<double>(info_.image_shape[2]);
    conditioning->inputs["resolution"] = ForAllRows(*conditioning, {height, width});
    conditioning->inputs["aspect_ratio"] = ForAllRows(*conditioning, {height / width});
  }

  bool sized_ = false;               // whether the network is told the picture's size
  std::optional<T5TextEncoder> t5_;  // not with shapes_only
};

}  // namespace

PipelineType PixArtPipelineType() { return PipelineTypeOf<PixArt>({"PixArtAlphaPipeline"}, "", {}); }

}  // namespace skipbench
