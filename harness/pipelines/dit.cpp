#include "harness/pipelines/dit.h"

#include <ATen/ATen.h>

#include "harness/models/dit_transformer_2d.h"
#include "harness/pipelines/latent_pipeline.h"

namespace skipbench {

namespace {

class DiT : public LatentPipeline {
 public:
  DiT(const ModelSource& source, const PipelineOptions& options) : LatentPipeline(source, options, "class_to_image") {
    info_.needs_label = info_.guided = true;
    info_.default_guidance = 4.0;  // diffusers' default
    OpenNetwork(source, "transformer", ClassNamesOf<DiTTransformer2DModel>());
    ReadAutoencoder(source);
    classes_ = ParseConfigOf<DiTTransformer2DModel>(source, "transformer").block.classes;
    Gives("class_labels", {});
    if (!shapes_only()) LoadAutoencoder(source, options.dtype);
  }

  void CheckInput(const Sample& sample) const override { CheckLabel(sample, classes_); }

  std::unique_ptr<Denoiser> Encode(std::span<const Sample> samples, double guidance, bool one_by_one) const override {
    Conditioning conditioning = ConditioningFor(static_cast<int64_t>(samples.size()), guidance, one_by_one);
    const at::Tensor classes = at::tensor(LabelsOf(samples, classes_), at::kLong).to(options_.device);
    // The class behind the last stands for none.
    conditioning.inputs["class_labels"] =
        conditioning.guidance_rows == 2 ? at::stack({at::full_like(classes, classes_), classes}) : classes.unsqueeze(0);
    return MakeDenoiser(std::move(conditioning));
  }

 private:
  int64_t classes_ = 0;
};

}  // namespace

PipelineType DiTPipelineType() {
  return PipelineTypeOf<DiT>({"DiTPipeline"}, "",
                             {{"DiT-XL-2-256", "the whole folder, its .bin weights converted", "about 3.3 GB",
                               "none here: the hub shows the SHA-256 of each file",
                               "huggingface.co/facebook/DiT-XL-2-256", "the folder as it is"}});
}

}  // namespace skipbench
