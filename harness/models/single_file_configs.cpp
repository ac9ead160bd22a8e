#include "harness/models/single_file_configs.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <numeric>

#include "harness/base/error.h"
#include "harness/models/single_file_names.h"
#include "harness/nn/weights/weights_files.h"

namespace skipbench {
namespace {

constexpr int64_t kHeadChannels = 64;  // of every attention in SDXL and in both text encoders

// 32 groups, as published; fewer where the channels cannot be split into so many.
int64_t NormGroups(const std::vector<int64_t>& channels) {
  int64_t groups = 32;
  for (int64_t count : channels) groups = std::gcd(groups, count);
  return groups;
}

int64_t Heads(int64_t channels) { return std::max<int64_t>(1, channels / kHeadChannels); }

// The down path: blocks of resnets, each but the last with a down-sampler at its end.
struct DownPath {
  std::vector<int64_t> channels, layers, transformers;  // by level; transformers 0: no attention
  int64_t context = 0;
  bool linear = false;  // projections are matrices, not 1x1 convolutions
};

DownPath ReadDownPath(const CheckpointShapes& shapes) {
  const std::string inputs = std::string(kUNetPrefix) + "input_blocks.";
  DownPath path;
  bool new_level = true;
  const int64_t blocks = shapes.Count(inputs);
  for (int64_t i = 1; i < blocks; ++i) {
    const std::string block = fmt::format("{}{}.", inputs, i);
    if (shapes.Has(block + "0.op.weight")) {
      new_level = true;
      continue;
    }
    if (new_level) {
      path.channels.push_back(shapes.Size(block + "0.in_layers.2.weight", 0, 4));
      path.layers.push_back(0);
      path.transformers.push_back(0);
      new_level = false;
    }
    ++path.layers.back();
    const int64_t depth = shapes.Count(block + "1.transformer_blocks.");
    if (depth == 0) continue;
    path.transformers.back() = depth;
    path.context = shapes.Size(block + "1.transformer_blocks.0.attn2.to_k.weight", 1, 2);
    path.linear = shapes.Dims(block + "1.proj_in.weight") == 2;
  }
  if (path.channels.empty() || path.context == 0)
    FailUnsupported("{}: a U-Net with attention was expected under {}", shapes.file(), inputs);
  for (int64_t layers : path.layers)
    if (layers != path.layers[0])
      FailUnsupported("{}: all levels of the U-Net were expected to have {} layers, found {}", shapes.file(),
                      path.layers[0], layers);
  return path;
}

// A text encoder's, by the names of its tensors.
Json TextConfigOf(const CheckpointShapes& shapes, const char* architecture, const std::string& tokens,
                  const std::string& positions, const std::string& layers, const std::string& fc1) {
  const int64_t width = shapes.Size(tokens, 1, 2);
  return {{"architectures", {architecture}},
          {"vocab_size", shapes.Size(tokens, 0, 2)},
          {"hidden_size", width},
          {"projection_dim", width},
          {"max_position_embeddings", shapes.Size(positions, 0, 2)},
          {"intermediate_size", shapes.Size(layers + "0." + fc1, 0, 2)},
          {"num_hidden_layers", shapes.Count(layers)},
          {"num_attention_heads", Heads(width)},
          {"hidden_act", "quick_gelu"},
          {"eos_token_id", 2}};
}

}  // namespace

CheckpointShapes::CheckpointShapes(const SafetensorsFile& file) : file_(file.path().string()) {
  std::vector<std::string> names;
  for (const auto& entry : file.entries()) names.push_back(entry.name);
  const WrapperNames wrappers(names);
  for (const auto& entry : file.entries()) shapes_.emplace(wrappers.Bare(entry.name), entry.shape);
}

bool CheckpointShapes::HasPrefix(const std::string& prefix) const {
  const auto found = shapes_.lower_bound(prefix);
  return found != shapes_.end() && found->first.starts_with(prefix);
}

size_t CheckpointShapes::Dims(const std::string& name) const {
  const auto found = shapes_.find(name);
  return found == shapes_.end() ? 0 : found->second.size();
}

int64_t CheckpointShapes::Size(const std::string& name, size_t dim, size_t dims) const {
  const auto found = shapes_.find(name);
  if (found == shapes_.end()) Fail("{}: the tensor \"{}\" is missing", file_, name);
  const auto& shape = found->second;
  if ((dims != 0 && shape.size() != dims) || shape.size() <= dim || shape[dim] == 0)
    Fail("{}: tensor \"{}\": expected {} dimensions, none of them 0, found [{}]", file_, name, dims ? dims : dim + 1,
         fmt::join(shape, ", "));
  return shape[dim];
}

int64_t CheckpointShapes::Count(const std::string& prefix, const std::string& suffix) const {
  int64_t count = 0;
  while (HasPrefix(fmt::format("{}{}{}", prefix, count, suffix))) ++count;
  return count;
}

Json UNetConfigOf(const CheckpointShapes& shapes, bool xl) {
  const std::string prefix = kUNetPrefix;
  const DownPath path = ReadDownPath(shapes);
  const size_t levels = path.channels.size();
  Json down = Json::array(), up = Json::array(), heads = Json::array(), transformers = Json::array();
  for (size_t i = 0; i < levels; ++i) {
    down.push_back(path.transformers[i] ? "CrossAttnDownBlock2D" : "DownBlock2D");
    up.push_back(path.transformers[levels - 1 - i] ? "CrossAttnUpBlock2D" : "UpBlock2D");
    heads.push_back(xl ? Heads(path.channels[i]) : 8);
    transformers.push_back(std::max<int64_t>(1, path.transformers[i]));
  }
  Json config = {{"_class_name", "UNet2DConditionModel"},
                 {"sample_size", xl ? 128 : 64},
                 {"in_channels", shapes.Size(prefix + "input_blocks.0.0.weight", 1, 4)},
                 {"out_channels", shapes.Size(prefix + "out.2.weight", 0, 4)},
                 {"block_out_channels", path.channels},
                 {"layers_per_block", path.layers[0]},
                 {"down_block_types", down},
                 {"up_block_types", up},
                 {"transformer_layers_per_block", transformers},
                 {"cross_attention_dim", path.context},
                 {"attention_head_dim", heads},  // it is the number of heads, in spite of its name
                 {"use_linear_projection", path.linear},
                 {"norm_num_groups", NormGroups(path.channels)}};
  if (!xl) return config;
  // What is added to the time embedding: the pooled text, and six numbers embedded one by one.
  const int64_t added = shapes.Size(prefix + "label_emb.0.0.weight", 1, 2);
  const int64_t pooled = shapes.Size(std::string(kOpenClipPrefix) + "text_projection", 1, 2);
  if (added <= pooled || (added - pooled) % 6 != 0)
    Fail("{}: {}label_emb takes {} numbers; expected the pooled text's {} and six embeddings of equal size",
         shapes.file(), prefix, added, pooled);
  config["addition_embed_type"] = "text_time";
  config["addition_time_embed_dim"] = (added - pooled) / 6;
  config["projection_class_embeddings_input_dim"] = added;
  return config;
}

Json VaeConfigOf(const CheckpointShapes& shapes, bool xl, const std::string& prefix) {
  const int64_t levels = shapes.Count(prefix + "encoder.down.");
  if (levels == 0)
    Fail("{}: the tensors of the autoencoder's encoder ({}encoder.down.*) are missing", shapes.file(), prefix);
  std::vector<int64_t> channels;
  for (int64_t i = 0; i < levels; ++i)
    channels.push_back(shapes.Size(fmt::format("{}encoder.down.{}.block.0.conv1.weight", prefix, i), 0, 4));
  return {{"_class_name", "AutoencoderKL"},
          {"sample_size", xl ? 1024 : 512},
          {"in_channels", shapes.Size(prefix + "encoder.conv_in.weight", 1, 4)},
          {"out_channels", shapes.Size(prefix + "decoder.conv_out.weight", 0, 4)},
          {"latent_channels", shapes.Size(prefix + "post_quant_conv.weight", 0)},
          {"block_out_channels", channels},
          {"layers_per_block", shapes.Count(prefix + "encoder.down.0.block.")},
          {"down_block_types", std::vector<std::string>(levels, "DownEncoderBlock2D")},
          {"up_block_types", std::vector<std::string>(levels, "UpDecoderBlock2D")},
          {"norm_num_groups", NormGroups(channels)},
          {"scaling_factor", xl ? 0.13025 : 0.18215},
          {"force_upcast", true}};
}

Json ClipConfigOf(const CheckpointShapes& shapes, const std::string& prefix) {
  // Some files leave "text_model." out, as transformers 5 does.
  const std::string text = shapes.HasPrefix(prefix + "text_model.") ? prefix + "text_model." : prefix;
  return TextConfigOf(shapes, "CLIPTextModel", text + "embeddings.token_embedding.weight",
                      text + "embeddings.position_embedding.weight", text + "encoder.layers.", "mlp.fc1.weight");
}

Json OpenClipConfigOf(const CheckpointShapes& shapes) {
  const std::string prefix = kOpenClipPrefix;
  Json config = TextConfigOf(shapes, "CLIPTextModelWithProjection", prefix + "token_embedding.weight",
                             prefix + "positional_embedding", prefix + "transformer.resblocks.", "mlp.c_fc.weight");
  config["projection_dim"] = shapes.Size(prefix + "text_projection", 1, 2);
  config["hidden_act"] = "gelu";
  return config;
}

Json SchedulerConfigOf(bool xl, bool v_prediction, bool zero_snr) {
  const char* name = xl ? "EulerDiscreteScheduler" : zero_snr ? "DDIMScheduler" : "PNDMScheduler";
  Json config = {{"_class_name", name},         {"beta_start", 0.00085},
                 {"beta_end", 0.012},           {"beta_schedule", "scaled_linear"},
                 {"num_train_timesteps", 1000}, {"steps_offset", 1},
                 {"set_alpha_to_one", false},   {"skip_prk_steps", true},
                 {"clip_sample", false},        {"trained_betas", nullptr}};
  if (xl) {
    config["interpolation_type"] = "linear";
    config["prediction_type"] = "epsilon";
    config["sample_max_value"] = 1.0;
    config["timestep_spacing"] = "leading";
    config["use_karras_sigmas"] = false;
  }
  if (v_prediction) config["prediction_type"] = "v_prediction";
  if (zero_snr) config["rescale_betas_zero_snr"] = true;
  return config;
}

}  // namespace skipbench
