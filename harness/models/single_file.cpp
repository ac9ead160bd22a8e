#include "harness/models/single_file.h"

#include "harness/base/error.h"
#include "harness/io/files/safetensors.h"
#include "harness/models/single_file_configs.h"
#include "harness/models/single_file_names.h"
#include "harness/models/single_file_prediction.h"

namespace skipbench {
namespace {

using Kind = SingleFile::Kind;

// Marks by which files are told apart, those of relatives first.
Kind KindOf(const CheckpointShapes& shapes) {
  const std::string supported = "supported: Stable Diffusion 1.x and SDXL base";
  if (!shapes.HasPrefix(kUNetPrefix))
    FailUnsupported(
        "{}: no tensors {}*; an original Stable Diffusion checkpoint was expected ({}). A model in diffusers' layout "
        "is "
        "opened by its folder, the one with model_index.json",
        shapes.file(), kUNetPrefix, supported);
  const auto refuse = [&](const std::string& what) {
    FailUnsupported("{}: this is {}; {}", shapes.file(), what, supported);
  };
  if (shapes.HasPrefix("cond_stage_model.model."))
    refuse("a Stable Diffusion 2 checkpoint (OpenCLIP as its only text encoder)");
  if (shapes.HasPrefix("conditioner.embedders.0.model.")) refuse("an SDXL refiner");
  if (shapes.Has("edm_mean")) refuse("a Playground 2.5 checkpoint");
  if (shapes.HasPrefix("edm_vpred.")) refuse("a checkpoint of EDM's v-prediction (CosXL)");
  if (shapes.Has("scaled_fp8"))
    refuse("a checkpoint with scaled float8 weights (ComfyUI's), whose scales are tensors of their own");
  const std::string conv_in = std::string(kUNetPrefix) + "input_blocks.0.0.weight";
  if (shapes.Has(conv_in) && shapes.Size(conv_in, 1) != 4)
    refuse(fmt::format("a U-Net that takes {} channels, not 4 (inpainting or editing)", shapes.Size(conv_in, 1)));
  if (shapes.HasPrefix(kOpenClipPrefix) && shapes.HasPrefix(kTextPrefixXl)) return Kind::kStableDiffusionXl;
  if (shapes.HasPrefix(kTextPrefixSd1)) return Kind::kStableDiffusion1;
  FailUnsupported("{}: no text encoder found (looked for {}*, and for {}* with {}*); {}", shapes.file(), kTextPrefixSd1,
                  kTextPrefixXl, kOpenClipPrefix, supported);
}

Json IndexOf(bool xl, const std::string& scheduler) {
  Json index = {{"_class_name", xl ? "StableDiffusionXLPipeline" : "StableDiffusionPipeline"},
                {"unet", {"diffusers", "UNet2DConditionModel"}},
                {"vae", {"diffusers", "AutoencoderKL"}},
                {"text_encoder", {"transformers", "CLIPTextModel"}},
                {"scheduler", {"diffusers", scheduler}}};
  if (xl) {
    index["text_encoder_2"] = {"transformers", "CLIPTextModelWithProjection"};
    index["force_zeros_for_empty_prompt"] = true;
  }
  return index;
}

}  // namespace

SingleFile::SingleFile(std::filesystem::path file, const Json& overrides) : path_(std::move(file)) {
  const auto opened = SafetensorsFile::Open(path_);
  const CheckpointShapes shapes(*opened);
  kind_ = KindOf(shapes);
  const bool xl = kind_ == Kind::kStableDiffusionXl;
  const CheckpointPrediction prediction = ReadCheckpointPrediction(shapes, *opened);
  configs_["scheduler"] = SchedulerConfigOf(xl, prediction.v, prediction.zero_snr);
  if (prediction.v)
    notes_.push_back(fmt::format("model: {} ({}): scheduler options prediction_type v_prediction{}",
                                 prediction.zero_snr ? "it predicts v, with zero terminal SNR" : "it predicts v",
                                 prediction.why, prediction.zero_snr ? ", rescale_betas_zero_snr true" : ""));
  index_ = IndexOf(xl, configs_["scheduler"]["_class_name"]);
  configs_["unet"] = UNetConfigOf(shapes, xl);
  configs_["vae"] = VaeConfigOf(shapes, xl);
  configs_["text_encoder"] = ClipConfigOf(shapes, xl ? kTextPrefixXl : kTextPrefixSd1);
  if (xl) configs_["text_encoder_2"] = OpenClipConfigOf(shapes);
  for (const auto& [component, values] : overrides.items()) {
    if (!configs_.contains(component))
      Fail("{}: overrides for {}, which is not a component", path_.string(), component);
    configs_[component].update(values);
  }
}

const Json& SingleFile::ConfigOf(const std::string& component) const {
  const auto found = configs_.find(component);
  if (found == configs_.end()) Fail("{}: the component {} is missing", path_.string(), component);
  return found->second;
}

Weights SingleFile::OpenWeights(const std::string& component, WeightsOptions options) const {
  const bool xl = kind_ == Kind::kStableDiffusionXl;
  if (component == "unet") {
    options.map = UNetNames(ConfigOf("unet").at("layers_per_block"));
  } else if (component == "vae") {
    options.map = VaeNames(static_cast<int64_t>(ConfigOf("vae").at("block_out_channels").size()));
  } else if (component == "text_encoder_2") {
    options.map = OpenClipNames();
  } else if (component == "text_encoder") {
    options.map = ClipNames(xl ? kTextPrefixXl : kTextPrefixSd1);
    // Left in by some programs that write such files.
    options.ignore.insert(options.ignore.end(), {"*.position_ids", "text_projection.weight", "logit_scale"});
  } else {
    Fail("{}: there are no weights for {}", path_.string(), component);
  }
  return Weights::FromFile(path_, std::move(options));
}

}  // namespace skipbench
