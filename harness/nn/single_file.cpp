#include "harness/nn/single_file.h"

#include <algorithm>
#include <charconv>

#include "harness/base/error.h"
#include "harness/io/safetensors.h"
#include "harness/nn/ldm_names.h"

namespace skipbench {
namespace {

using Shape = std::vector<int64_t>;

constexpr const char* kUNet = "model.diffusion_model.";
constexpr const char* kVae = "first_stage_model.";
constexpr const char* kClip = "cond_stage_model.transformer.";
constexpr const char* kXlClip = "conditioner.embedders.0.transformer.";
constexpr const char* kXlOpenClip = "conditioner.embedders.1.model.";
constexpr int64_t kTimeIds = 6;      // SDXL: original size, crop, target size

// A network's shapes by diffusers' names, with the questions that the configurations ask.
class Net {
 public:
  Net(const std::map<std::string, Shape, std::less<>>& shapes, std::string where) : shapes_(shapes), where_(std::move(where)) {}

  bool Has(const std::string& prefix) const {
    const auto found = shapes_.lower_bound(prefix);
    return found != shapes_.end() && found->first.starts_with(prefix);
  }
  // Size `dimension` of a tensor that must be there.
  int64_t Size(const std::string& name, size_t dimension) const {
    const auto found = shapes_.find(name);
    if (found == shapes_.end()) Fail("{}: the tensor that becomes \"{}\" is missing", where_, name);
    if (dimension >= found->second.size()) Fail("{}: \"{}\" has only {} dimensions", where_, name, found->second.size());
    return found->second[dimension];
  }
  size_t Rank(const std::string& name) const {
    Size(name, 0);
    return shapes_.find(name)->second.size();
  }
  // How many of prefix + "0.", prefix + "1.", ... there are.
  int64_t Count(const std::string& prefix) const {
    int64_t count = 0;
    while (Has(fmt::format("{}{}.", prefix, count))) ++count;
    return count;
  }

 private:
  const std::map<std::string, Shape, std::less<>>& shapes_;
  std::string where_;
};

Json UNetConfig(const Net& net, bool xl, int64_t pooled_width) {
  Json widths = Json::array(), heads = Json::array(), depths = Json::array(), down = Json::array(), up = Json::array();
  const int64_t levels = net.Count("down_blocks.");
  bool deep = false;
  std::string attention;      // any of them
  for (int64_t level = 0; level < levels; ++level) {
    const std::string block = fmt::format("down_blocks.{}.", level);
    const int64_t width = net.Size(block + "resnets.0.conv1.weight", 0);
    const int64_t depth = net.Count(block + "attentions.0.transformer_blocks.");
    widths.push_back(width);
    heads.push_back(std::max<int64_t>(1, width / 64));
    depths.push_back(std::max<int64_t>(1, depth));
    down.push_back(depth > 0 ? "CrossAttnDownBlock2D" : "DownBlock2D");
    up.insert(up.begin(), depth > 0 ? "CrossAttnUpBlock2D" : "UpBlock2D");
    deep |= depth > 1;
    if (depth > 0) attention = block + "attentions.0.";
  }
  const bool linear = net.Rank(attention + "proj_in.weight") == 2;
  Json config = {{"_class_name", "UNet2DConditionModel"}, {"act_fn", "silu"}, {"center_input_sample", false}, {"downsample_padding", 1},
                 {"flip_sin_to_cos", true}, {"freq_shift", 0}, {"mid_block_scale_factor", 1}, {"norm_eps", 1e-5}, {"norm_num_groups", 32},
                 {"sample_size", xl ? 128 : 64}, {"in_channels", net.Size("conv_in.weight", 1)}, {"out_channels", net.Size("conv_out.weight", 0)},
                 {"layers_per_block", net.Count("down_blocks.0.resnets.")}, {"block_out_channels", widths},
                 {"cross_attention_dim", net.Size(attention + "transformer_blocks.0.attn2.to_k.weight", 1)},
                 {"use_linear_projection", linear}, {"down_block_types", down}, {"up_block_types", up}};
  config["attention_head_dim"] = xl ? heads : Json(8);              // the number of heads, by diffusers' historical naming
  config["transformer_layers_per_block"] = deep ? depths : Json(1);
  if (net.Has("add_embedding.")) {
    const int64_t width = net.Size("add_embedding.linear_1.weight", 1);
    config.update({{"addition_embed_type", "text_time"}, {"addition_time_embed_dim", (width - pooled_width) / kTimeIds},
                   {"projection_class_embeddings_input_dim", width}});
  }
  return config;
}

Json VaeConfig(const Net& net, bool xl) {
  Json widths = Json::array(), down = Json::array(), up = Json::array();
  for (int64_t level = 0; level < net.Count("encoder.down_blocks."); ++level) {
    widths.push_back(net.Size(fmt::format("encoder.down_blocks.{}.resnets.0.conv1.weight", level), 0));
    down.push_back("DownEncoderBlock2D");
    up.push_back("UpDecoderBlock2D");
  }
  return {{"_class_name", "AutoencoderKL"}, {"act_fn", "silu"}, {"in_channels", net.Size("encoder.conv_in.weight", 1)},
          {"out_channels", net.Size("decoder.conv_out.weight", 0)}, {"latent_channels", net.Size("post_quant_conv.weight", 0)},
          {"block_out_channels", widths}, {"layers_per_block", net.Count("encoder.down_blocks.0.resnets.")}, {"norm_num_groups", 32},
          {"sample_size", xl ? 1024 : 512}, {"scaling_factor", xl ? 0.13025 : 0.18215}, {"force_upcast", true},
          {"down_block_types", down}, {"up_block_types", up}};
}

Json ClipConfig(const Net& net, bool second) {
  const int64_t width = net.Size("text_model.embeddings.token_embedding.weight", 1);
  return {{"architectures", {second ? "CLIPTextModelWithProjection" : "CLIPTextModel"}}, {"model_type", "clip_text_model"},
          {"vocab_size", net.Size("text_model.embeddings.token_embedding.weight", 0)}, {"hidden_size", width},
          {"intermediate_size", net.Size("text_model.encoder.layers.0.mlp.fc1.weight", 0)},
          {"num_hidden_layers", net.Count("text_model.encoder.layers.")}, {"num_attention_heads", std::max<int64_t>(1, width / 64)},
          {"max_position_embeddings", net.Size("text_model.embeddings.position_embedding.weight", 0)},
          {"hidden_act", second ? "gelu" : "quick_gelu"}, {"layer_norm_eps", 1e-5},
          {"projection_dim", second ? net.Size("text_projection.weight", 0) : width}, {"bos_token_id", 0}, {"pad_token_id", 1}, {"eos_token_id", 2}};
}

Json SchedulerConfig(bool xl) {
  Json config = {{"_class_name", xl ? "EulerDiscreteScheduler" : "PNDMScheduler"}, {"beta_start", 0.00085}, {"beta_end", 0.012},
                 {"beta_schedule", "scaled_linear"}, {"num_train_timesteps", 1000}, {"steps_offset", 1}, {"timestep_spacing", "leading"},
                 {"prediction_type", "epsilon"}};
  if (!xl) config.update({{"skip_prk_steps", true}, {"set_alpha_to_one", false}, {"clip_sample", false}});
  return config;
}

}  // namespace

SingleFile::SingleFile(const std::filesystem::path& path) : path_(path) {
  const auto file = SafetensorsFile::Open(path);
  for (const SafetensorsEntry& entry : file->entries()) shapes_.emplace(entry.name, entry.shape);
  const Net net(shapes_, path.string());
  constexpr const char* kConvert = "convert it to a folder with scripts/convert/stable_diffusion.py";
  if (net.Has("cond_stage_model.model."))
    FailUnsupported("{}: Stable Diffusion 2.x in one file does not say what it predicts (epsilon or v_prediction); {}", path.string(), kConvert);
  if (net.Has("v_pred")) FailUnsupported("{}: a checkpoint that predicts v in one file; {}", path.string(), kConvert);
  xl_ = net.Has(kXlOpenClip);
  for (const char* prefix : {kUNet, kVae, xl_ ? kXlClip : kClip})
    if (!net.Has(prefix))
      Fail("{}: not a checkpoint of Stable Diffusion 1.x or XL base: it has no tensors {}*", path.string(), prefix);
}

Json SingleFile::ModelIndex() const {
  Json index = {{"_class_name", xl_ ? "StableDiffusionXLPipeline" : "StableDiffusionPipeline"},
                {"unet", {"diffusers", "UNet2DConditionModel"}}, {"vae", {"diffusers", "AutoencoderKL"}},
                {"scheduler", {"diffusers", xl_ ? "EulerDiscreteScheduler" : "PNDMScheduler"}},
                {"text_encoder", {"transformers", "CLIPTextModel"}}, {"tokenizer", {"transformers", "CLIPTokenizer"}}};
  if (xl_)
    index.update({{"text_encoder_2", {"transformers", "CLIPTextModelWithProjection"}}, {"tokenizer_2", {"transformers", "CLIPTokenizer"}},
                  {"force_zeros_for_empty_prompt", true}});
  return index;
}

NameMap SingleFile::MapOf(const std::string& component) const {
  std::vector<std::string> names;
  for (const auto& [name, shape] : shapes_) names.push_back(name);
  if (component == "unet") return LdmUNetMap(kUNet, names);
  if (component == "vae") return LdmAutoencoderMap(kVae, names);
  if (component == "text_encoder") return ClipTextMap(xl_ ? kXlClip : kClip);
  if (component == "text_encoder_2" && xl_) return OpenClipTextMap(kXlOpenClip);
  Fail("{}: has no component {}", path_.string(), component);
}

SingleFile::Shapes SingleFile::ShapesOf(const std::string& component) const {
  const NameMap map = MapOf(component);
  Shapes result;
  for (const auto& [name, shape] : shapes_)
    for (const MappedTensor& part : map(name, shape)) {
      Shape mapped = shape;
      if (part.end != -1) mapped[0] = part.end - part.begin;
      if (part.transpose) std::reverse(mapped.begin(), mapped.end());
      result.emplace(part.name, std::move(mapped));
    }
  return result;
}

Json SingleFile::Config(const std::string& component) const {
  if (component == "scheduler") return SchedulerConfig(xl_);
  const Shapes shapes = ShapesOf(component);
  const Net net(shapes, fmt::format("{}: {}", path_.string(), component));
  if (component == "vae") return VaeConfig(net, xl_);
  if (component != "unet") return ClipConfig(net, component == "text_encoder_2");
  int64_t pooled_width = 0;
  if (xl_) {
    const Shapes text = ShapesOf("text_encoder_2");
    pooled_width = Net(text, path_.string() + ": text_encoder_2").Size("text_projection.weight", 0);
  }
  return UNetConfig(net, xl_, pooled_width);
}

Weights SingleFile::Open(const std::string& component, WeightsOptions options) const {
  options.map = MapOf(component);
  options.variant.clear();
  return Weights::FromFile(path_, std::move(options));
}

}  // namespace skipbench
