#include "harness/models/config.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <string_view>

namespace skipbench {

std::vector<int64_t> IntList(const JsonReader& json, const std::string& key, const std::vector<int64_t>& fallback,
                             int64_t min, int64_t max) {
  const Json* value = json.Find(key);
  if (!value || value->is_null()) return fallback;
  std::vector<int64_t> list = json.Ints(key);
  if (list.empty() || static_cast<int64_t>(list.size()) > kMaxLevels)
    json.FailAt(key, fmt::format("expected a list of 1 to {} integers, found {}", kMaxLevels, Describe(*value)));
  for (int64_t one : list)
    if (one < min || one > max) json.FailAt(key, fmt::format("expected integers in [{}, {}], found {}", min, max, one));
  return list;
}

std::vector<int64_t> PerLevel(const JsonReader& json, const std::string& key, int64_t fallback, int64_t levels,
                              int64_t min, int64_t max) {
  const Json* value = json.Find(key);
  if (!value || !value->is_array()) return std::vector<int64_t>(levels, json.IntOr(key, fallback, min, max));
  std::vector<int64_t> list = IntList(json, key, {}, min, max);
  if (static_cast<int64_t>(list.size()) != levels)
    json.FailAt(key, fmt::format("expected one value for each of the {} levels, found {}", levels, Describe(*value)));
  return list;
}

std::vector<bool> BoolPerLevel(const JsonReader& json, const std::string& key, bool fallback, int64_t levels) {
  const Json* value = json.Find(key);
  if (!value || !value->is_array()) return std::vector<bool>(levels, json.BoolOr(key, fallback));
  std::vector<bool> list;
  for (const Json& one : *value) {
    if (!one.is_boolean())
      json.FailAt(key, fmt::format("expected a list of true and false, found {}", Describe(*value)));
    list.push_back(one.get<bool>());
  }
  if (static_cast<int64_t>(list.size()) != levels)
    json.FailAt(key, fmt::format("expected one value for each of the {} levels, found {}", levels, Describe(*value)));
  return list;
}

std::vector<bool> BlockTypes(const JsonReader& json, const std::string& key, const std::vector<std::string>& fallback,
                             const std::string& plain, const std::string& other, size_t levels) {
  const std::vector<std::string> types = json.Has(key) ? json.Strings(key) : fallback;
  if (types.size() != levels)
    json.FailAt(key, fmt::format("expected one block type for each of the {} levels, found {}", levels, types.size()));
  std::vector<bool> result;
  for (const std::string& type : types) {
    if (type != plain && type != other)
      FailUnsupported("{}: {}: block type \"{}\" is not supported (only \"{}\", \"{}\")", json.file(), json.PathOf(key),
                      type, plain, other);
    result.push_back(type == other);
  }
  return result;
}

void CheckGroups(const JsonReader& json, const std::vector<int64_t>& channels, int64_t groups) {
  for (int64_t count : channels)
    if (count % groups != 0)
      json.FailAt("block_out_channels",
                  fmt::format("{} channels cannot be split into norm_num_groups {} groups", count, groups));
}

int64_t SampleSize(const JsonReader& json) {
  const Json* value = json.Find("sample_size");
  if (value && value->is_array()) return IntList(json, "sample_size", {}, 1, kMaxChannels)[0];
  return json.IntOr("sample_size", 0, 1, kMaxChannels);
}

void FailUnsupportedValue(const JsonReader& json, const std::string& key, const std::string& supported) {
  const Json* value = json.Find(key);
  FailUnsupported("{}: {}: {} is not supported (only {})", json.file(), json.PathOf(key),
                  value ? Describe(*value) : "nothing", supported);
}

void Only(const JsonReader& json, const std::string& key, const std::vector<Json>& allowed) {
  const Json* value = json.Find(key);
  if (!value || value->is_null() || std::find(allowed.begin(), allowed.end(), *value) != allowed.end()) return;
  std::vector<std::string> texts;
  for (const Json& one : allowed) texts.push_back(Describe(one));
  FailUnsupportedValue(json, key, texts.empty() ? "null" : fmt::format("{}", fmt::join(texts, ", ")));
}

void CheckClassName(const JsonReader& json, const std::vector<std::string>& expected) {
  const std::string name = json.StringOr("_class_name", expected[0]);
  if (std::find(expected.begin(), expected.end(), name) == expected.end())
    json.FailAt("_class_name", fmt::format("expected \"{}\", found \"{}\"", fmt::join(expected, "\" or \""), name));
}

namespace {

// Of training: EMAModel.save_pretrained writes its state into the config; the others are of scripts and of loading.
constexpr std::string_view kTrainingKeys[] = {
    "decay",          "inv_gamma",
    "min_decay",      "optimization_step",
    "power",          "update_after_step",
    "use_ema_warmup", "gradient_checkpointing",
    "torch_dtype",    "dtype",
};

bool OfTraining(const std::string& key) {
  return std::find(std::begin(kTrainingKeys), std::end(kTrainingKeys), key) != std::end(kTrainingKeys);
}

// The options of diffusers' networks with the value at which they do nothing: one that a network does not have is off
// there. Null: the others that may be null.
const Json& OffValues() {
  static const Json values = Json::parse(R"({
      "add_attention": true, "attention_type": "default", "center_input_sample": false,
      "class_embeddings_concat": false, "conv_in_kernel": 3, "conv_out_kernel": 3, "downsample_type": "conv",
      "dropout": 0.0, "dual_cross_attention": false, "lookup_from_codebook": false, "mid_block_add_attention": true,
      "mid_block_scale_factor": 1, "norm_type": "group", "only_cross_attention": false, "resnet_out_scale_factor": 1.0,
      "resnet_skip_time_act": false, "resnet_time_scale_shift": "default", "time_embedding_type": "positional",
      "transformer_layers_per_block": 1, "upcast_attention": false, "upsample_type": "conv",
      "use_linear_projection": false, "use_post_quant_conv": true, "use_quant_conv": true,

      "added_kv_proj_dim": null, "addition_embed_type": null, "addition_time_embed_dim": null,
      "attention_head_dim": null, "attn_norm_num_groups": null, "caption_channels": null, "class_embed_type": null,
      "cross_attention_norm": null, "decoder_base_dim": null, "encoder_hid_dim": null, "encoder_hid_dim_type": null,
      "image_dim": null, "interpolation_scale": null, "latents_mean": null, "latents_std": null,
      "mid_block_only_cross_attention": null, "mid_block_type": null, "num_attention_heads": null,
      "num_class_embeds": null, "num_train_timesteps": null, "out_channels": null, "patch_size": null,
      "pos_embed_seq_len": null, "projection_class_embeddings_input_dim": null, "qk_norm": null,
      "reverse_transformer_layers_per_block": null,
      "sample_size": null, "shift_factor": null, "time_cond_proj_dim": null, "time_embedding_act_fn": null,
      "time_embedding_dim": null, "timestep_post_act": null, "vq_embed_dim": null
  })");
  return values;
}

// Whether a key that the network's reader does not know can be left out: it begins with "_", is null, is what
// diffusers' EMAModel or a training script leaves in a config, or belongs to another network and has the value at which
// it is off.
bool ChangesNothing(const std::string& key, const Json& value) {
  const auto off = OffValues().find(key);
  return key.starts_with("_") || value.is_null() || OfTraining(key) || (off != OffValues().end() && *off == value);
}

}  // namespace

void IgnoreTheRest(const JsonReader& json, const std::vector<std::string>& keys) {
  for (const std::string& key : keys) json.Ignore(key);
  for (const auto& [key, value] : json.json().items())
    if (ChangesNothing(key, value)) json.Ignore(key);
  json.RejectUnknownKeys();
}

std::vector<std::string> KeysWithoutEffect(const Json& config) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : config.items())
    if (OfTraining(key) || (value.is_null() && !key.starts_with("_") && !OffValues().contains(key)))
      keys.push_back(key);
  return keys;
}

}  // namespace skipbench
