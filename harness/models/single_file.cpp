#include "harness/models/single_file.h"

#include <fmt/ranges.h>

#include <cctype>
#include <optional>
#include <set>

#include "harness/base/error.h"
#include "harness/base/text.h"
#include "harness/io/files/safetensors.h"
#include "harness/models/single_file_configs.h"
#include "harness/models/single_file_names.h"
#include "harness/nn/weights/weights_files.h"

namespace skipbench {
namespace {

namespace fs = std::filesystem;

// Whether it is SDXL, not Stable Diffusion 1. Tells files apart by their marks, those of relatives first.
bool IsXl(const CheckpointShapes& shapes) {
  const std::string supported = "supported: Stable Diffusion 1.x and SDXL base";
  if (!shapes.HasPrefix(kUNetPrefix))
    FailUnsupported(
        "{}: no tensors {}*; an original Stable Diffusion checkpoint was expected ({}). A model in diffusers' layout "
        "is opened by its folder, the one with model_index.json",
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
  if (shapes.HasPrefix(kOpenClipPrefix) && shapes.HasPrefix(kTextPrefixXl)) return true;
  if (shapes.HasPrefix(kTextPrefixSd1)) return false;
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

// What a checkpoint says about what its network predicts.
struct CheckpointPrediction {
  bool v = false;         // v (Salimans and Ho 2022), not epsilon
  bool zero_snr = false;  // trained with zero terminal SNR (Lin et al. 2024)
  std::string why;        // what says so: "tensor v_pred, tensor ztsnr"
};

// A value as it is compared: in small letters, with underscores.
std::string Plain(const std::string& value) {
  std::string text;
  for (const char c : value)
    if (!std::isspace(static_cast<unsigned char>(c)))
      text += c == '-' ? '_' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

bool IsNothing(const std::string& plain) { return plain.empty() || plain == "none" || plain == "null"; }
bool IsFalse(const std::string& plain) { return plain == "false" || plain == "0" || plain == "no"; }

struct Marks {
  std::vector<std::string> v, epsilon, zero_snr;
};

void ReadPredictionType(const std::string& key, const std::string& value, const std::string& file, Marks* marks) {
  static const std::set<std::string> v = {"v", "v_pred", "vpred", "v_prediction", "velocity", "v_parameterization"},
                                     epsilon = {"epsilon", "eps", "noise"};
  const std::string plain = Plain(value), mark = fmt::format("metadata {} \"{}\"", key, Printable(value));
  if (IsNothing(plain)) return;
  if (v.contains(plain))
    marks->v.push_back(mark);
  else if (epsilon.contains(plain))
    marks->epsilon.push_back(mark);
  else
    FailUnsupported("{}: {}: supported are epsilon and v", file, mark);
}

void ReadFlag(const std::string& key, const std::string& value, std::vector<std::string>* yes,
              std::vector<std::string>* no) {
  const std::string plain = Plain(value), mark = fmt::format("metadata {} \"{}\"", key, Printable(value));
  if (plain == "none" || plain == "null") return;
  if (!IsFalse(plain))
    yes->push_back(mark);
  else if (no)
    no->push_back(mark);
}

// The marks that programs write and read: tensors "v_pred" and "ztsnr" (ComfyUI, A1111), metadata
// "modelspec.prediction_type" (Stability AI's ModelSpec: "epsilon" or "v"), "ss_v_parameterization" and
// "ss_zero_terminal_snr" (kohya's sd-scripts). Where they disagree, v is taken, for it is nobody's default, and `why`
// names the others. Throws UnsupportedError for a prediction that is neither, and for zero terminal SNR without v.
CheckpointPrediction ReadCheckpointPrediction(const CheckpointShapes& shapes, const SafetensorsFile& file) {
  Marks marks;
  const std::string path = file.path().string();
  if (shapes.Has("v_pred")) marks.v.push_back("tensor v_pred");
  if (shapes.Has("ztsnr")) marks.zero_snr.push_back("tensor ztsnr");
  for (const auto& [key, value] : file.metadata()) {
    const std::string name = key.substr(key.rfind('.') + 1);  // with or without "modelspec."
    if (name == "prediction_type" || name == "predict_type") ReadPredictionType(key, value, path, &marks);
    if (name == "ss_v_parameterization" || name == "v_parameterization" || name == "v_pred")
      ReadFlag(key, value, &marks.v, &marks.epsilon);
    if (name == "ss_zero_terminal_snr" || name == "zero_terminal_snr" || name == "ztsnr")
      ReadFlag(key, value, &marks.zero_snr, nullptr);
  }
  CheckpointPrediction result{!marks.v.empty(), !marks.zero_snr.empty(), ""};
  if (result.zero_snr && !result.v)
    FailUnsupported("{}: zero terminal SNR ({}) without v-prediction: epsilon says nothing where there is no signal",
                    path, fmt::join(marks.zero_snr, ", "));
  std::vector<std::string> why = marks.v;
  why.insert(why.end(), marks.zero_snr.begin(), marks.zero_snr.end());
  result.why = fmt::format("{}", fmt::join(why, ", "));
  if (result.v && !marks.epsilon.empty()) result.why += fmt::format("; against it: {}", fmt::join(marks.epsilon, ", "));
  return result;
}

}  // namespace

SingleFile::SingleFile(std::filesystem::path file, const Json& overrides) : path_(std::move(file)) {
  const auto opened = SafetensorsFile::Open(path_);
  const CheckpointShapes shapes(*opened);
  xl_ = IsXl(shapes);
  const CheckpointPrediction prediction = ReadCheckpointPrediction(shapes, *opened);
  configs_["scheduler"] = SchedulerConfigOf(xl_, prediction.v, prediction.zero_snr);
  if (prediction.v)
    notes_.push_back(fmt::format("model: {} ({}): scheduler options prediction_type v_prediction{}",
                                 prediction.zero_snr ? "it predicts v, with zero terminal SNR" : "it predicts v",
                                 prediction.why, prediction.zero_snr ? ", rescale_betas_zero_snr true" : ""));
  index_ = IndexOf(xl_, configs_["scheduler"]["_class_name"]);
  configs_["unet"] = UNetConfigOf(shapes, xl_);
  configs_["vae"] = VaeConfigOf(shapes, xl_);
  configs_["text_encoder"] = ClipConfigOf(shapes, xl_ ? kTextPrefixXl : kTextPrefixSd1);
  if (xl_) configs_["text_encoder_2"] = OpenClipConfigOf(shapes);
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
  if (component == "unet") {
    options.map = UNetNames(ConfigOf("unet").at("layers_per_block"));
  } else if (component == "vae") {
    options.map = VaeNames(static_cast<int64_t>(ConfigOf("vae").at("block_out_channels").size()));
  } else if (component == "text_encoder_2") {
    options.map = OpenClipNames();
  } else if (component == "text_encoder") {
    options.map = ClipNames(xl_ ? kTextPrefixXl : kTextPrefixSd1);
    // Left in by some programs that write such files.
    options.ignore.insert(options.ignore.end(), {"*.position_ids", "text_projection.weight", "logit_scale"});
  } else {
    Fail("{}: there are no weights for {}", path_.string(), component);
  }
  return Weights::FromFile(path_, std::move(options));
}

VaeFile::VaeFile(fs::path place, const Json& own) : place_(std::move(place)), config_file_(place_.string() + " (vae)") {
  const bool folder = fs::is_directory(place_);
  const fs::path beside = (folder ? place_ : place_.parent_path()) / "config.json";
  std::optional<CheckpointShapes> shapes;
  if (!folder) shapes.emplace(*SafetensorsFile::Open(place_));
  if (folder || shapes->HasPrefix("decoder.up_blocks.")) {
    std::error_code error;
    const bool has_config = folder || fs::exists(beside, error);
    config_ = has_config ? ReadJsonFile(beside) : own;
    if (has_config) config_file_ = beside.string();
    return;
  }
  original_ = true;
  for (const char* prefix : {kVaePrefix, ""})
    if (shapes->HasPrefix(std::string(prefix) + "decoder.up.")) {
      prefix_ = prefix;
      config_ = VaeConfigOf(*shapes, false, prefix_);
      for (const char* key :
           {"scaling_factor", "shift_factor", "force_upcast", "sample_size", "latents_mean", "latents_std"}) {
        config_.erase(key);
        if (own.contains(key)) config_[key] = own[key];
      }
      return;
    }
  Fail(
      "{}: no autoencoder: it has neither tensors decoder.up_blocks.* (diffusers) nor decoder.up.* or {}decoder.up.* "
      "(CompVis)",
      place_.string(), kVaePrefix);
}

Weights VaeFile::Open(const std::string& stem, WeightsOptions options) const {
  if (fs::is_directory(place_)) {
    options.variant = ExistingVariant(place_, stem, options.variant);
    return Weights::FromFolder(place_, stem, std::move(options));
  }
  if (original_) options.map = VaeNames(static_cast<int64_t>(config_.at("block_out_channels").size()), prefix_);
  return Weights::FromFile(place_, std::move(options));
}

}  // namespace skipbench
