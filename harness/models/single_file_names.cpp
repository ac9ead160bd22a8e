#include "harness/models/single_file_names.h"

#include <fmt/format.h>

#include <charconv>
#include <optional>
#include <string_view>
#include <utility>

namespace skipbench {
namespace {

using Mapped = std::vector<MappedTensor>;
using Renaming = std::pair<std::string_view, std::string_view>;

// Takes `prefix` off the front of `name`.
bool Consume(std::string_view& name, std::string_view prefix) {
  if (!name.starts_with(prefix)) return false;
  name.remove_prefix(prefix.size());
  return true;
}

// Takes "12." off the front of `name`: blocks are numbered in decimal, never beyond three digits.
std::optional<int64_t> ConsumeIndex(std::string_view& name) {
  int64_t index = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + std::min<size_t>(name.size(), 4), index);
  const size_t digits = static_cast<size_t>(end - name.data());
  if (error != std::errc() || index < 0 || digits >= name.size() || name[digits] != '.') return std::nullopt;
  name.remove_prefix(digits + 1);
  return index;
}

// The name with its beginning replaced by the first of `renamings` that fits.
std::string Renamed(std::string_view name, std::initializer_list<Renaming> renamings) {
  for (const auto& [from, to] : renamings)
    if (Consume(name, from)) return fmt::format("{}{}", to, name);
  return std::string(name);
}

std::string UNetResnet(std::string_view name) {
  return Renamed(name, {{"in_layers.0.", "norm1."},
                        {"in_layers.2.", "conv1."},
                        {"emb_layers.1.", "time_emb_proj."},
                        {"out_layers.0.", "norm2."},
                        {"out_layers.3.", "conv2."},
                        {"skip_connection.", "conv_shortcut."}});
}

// A block is a list of modules: 0 is a resnet or the down-sampler, then come a transformer and the up-sampler, if any.
std::string UNetModule(const std::string& block, int64_t layer, std::string_view name) {
  if (Consume(name, "0.op.")) return fmt::format("{}.downsamplers.0.conv.{}", block, name);
  if (Consume(name, "0.")) return fmt::format("{}.resnets.{}.{}", block, layer, UNetResnet(name));
  if (Consume(name, "1.conv.") || Consume(name, "2.conv.")) return fmt::format("{}.upsamplers.0.conv.{}", block, name);
  if (Consume(name, "1.")) return fmt::format("{}.attentions.{}.{}", block, layer, name);
  return {};
}

std::string UNetName(std::string_view name, int64_t per_block) {
  const std::string_view whole = name;
  std::string result;
  if (Consume(name, "input_blocks.")) {
    const auto index = ConsumeIndex(name);
    if (index == 0 && Consume(name, "0.")) return fmt::format("conv_in.{}", name);
    if (index && *index > 0)
      result = UNetModule(fmt::format("down_blocks.{}", (*index - 1) / per_block), (*index - 1) % per_block, name);
  } else if (Consume(name, "output_blocks.")) {
    if (const auto index = ConsumeIndex(name))
      result = UNetModule(fmt::format("up_blocks.{}", *index / per_block), *index % per_block, name);
  } else if (Consume(name, "middle_block.")) {
    if (Consume(name, "0.")) return fmt::format("mid_block.resnets.0.{}", UNetResnet(name));
    if (Consume(name, "1.")) return fmt::format("mid_block.attentions.0.{}", name);
    if (Consume(name, "2.")) return fmt::format("mid_block.resnets.1.{}", UNetResnet(name));
  } else {
    return Renamed(name, {{"time_embed.0.", "time_embedding.linear_1."},
                          {"time_embed.2.", "time_embedding.linear_2."},
                          {"label_emb.0.0.", "add_embedding.linear_1."},
                          {"label_emb.0.2.", "add_embedding.linear_2."},
                          {"out.0.", "conv_norm_out."},
                          {"out.2.", "conv_out."}});
  }
  return result.empty() ? std::string(whole) : result;
}

std::string VaeResnet(std::string_view name) { return Renamed(name, {{"nin_shortcut.", "conv_shortcut."}}); }

// Inside "encoder." or "decoder.". The decoder counts its levels from the finest one, diffusers from the coarsest.
std::string VaeHalf(std::string_view name, int64_t levels) {
  const std::string_view whole = name;
  if (Consume(name, "mid.block_1.")) return fmt::format("mid_block.resnets.0.{}", VaeResnet(name));
  if (Consume(name, "mid.block_2.")) return fmt::format("mid_block.resnets.1.{}", VaeResnet(name));
  if (Consume(name, "mid.attn_1."))
    return "mid_block.attentions.0." + Renamed(name, {{"norm.", "group_norm."},
                                                      {"q.", "to_q."},
                                                      {"k.", "to_k."},
                                                      {"v.", "to_v."},
                                                      {"proj_out.", "to_out.0."}});
  const bool down = Consume(name, "down.");
  if (down || Consume(name, "up.")) {
    const auto level = ConsumeIndex(name);
    if (!level || *level >= levels) return std::string(whole);
    const std::string block =
        down ? fmt::format("down_blocks.{}", *level) : fmt::format("up_blocks.{}", levels - 1 - *level);
    if (Consume(name, down ? "downsample." : "upsample."))
      return fmt::format("{}.{}.0.{}", block, down ? "downsamplers" : "upsamplers", name);
    if (!Consume(name, "block.")) return std::string(whole);
    const auto layer = ConsumeIndex(name);
    return layer ? fmt::format("{}.resnets.{}.{}", block, *layer, VaeResnet(name)) : std::string(whole);
  }
  return Renamed(name, {{"norm_out.", "conv_norm_out."}});
}

std::string VaeName(std::string_view name, int64_t levels) {
  if (Consume(name, "encoder.")) return "encoder." + VaeHalf(name, levels);
  if (Consume(name, "decoder.")) return "decoder." + VaeHalf(name, levels);
  return std::string(name);
}

// q, k and v of one attention, one above the other.
Mapped CutIntoThree(const std::string& attention, const char* leaf, const std::vector<int64_t>& shape) {
  const int64_t rows = shape.empty() ? 0 : shape[0] / 3;
  if (rows * 3 != (shape.empty() ? 1 : shape[0])) return {{.name = fmt::format("{}.in_proj_{}", attention, leaf)}};
  Mapped parts;
  for (int64_t i = 0; const char* part : {"q_proj", "k_proj", "v_proj"}) {
    parts.push_back({.name = fmt::format("{}.{}.{}", attention, part, leaf), .begin = i * rows, .end = (i + 1) * rows});
    ++i;
  }
  return parts;
}

Mapped OpenClipTensor(std::string_view name, const std::vector<int64_t>& shape) {
  if (name == "logit_scale") return {};  // of contrastive training
  if (name == "positional_embedding") return {{.name = "text_model.embeddings.position_embedding.weight"}};
  if (name == "text_projection") return {{.name = "text_projection.weight", .transpose = true}};
  const std::string whole(name);
  if (!Consume(name, "transformer.resblocks."))
    return {{.name = Renamed(name, {{"token_embedding.", "text_model.embeddings.token_embedding."},
                                    {"ln_final.", "text_model.final_layer_norm."}})}};
  const auto index = ConsumeIndex(name);
  if (!index) return {{.name = whole}};
  const std::string layer = fmt::format("text_model.encoder.layers.{}.", *index);
  if (name == "attn.in_proj_weight") return CutIntoThree(layer + "self_attn", "weight", shape);
  if (name == "attn.in_proj_bias") return CutIntoThree(layer + "self_attn", "bias", shape);
  return {{.name = layer + Renamed(name, {{"ln_1.", "layer_norm1."},
                                          {"ln_2.", "layer_norm2."},
                                          {"mlp.c_fc.", "mlp.fc1."},
                                          {"mlp.c_proj.", "mlp.fc2."},
                                          {"attn.", "self_attn."}})}};
}

}  // namespace

NameMap UNetNames(int64_t layers_per_block) {
  return [per_block = layers_per_block + 1](const std::string& file_name, const std::vector<int64_t>&) -> Mapped {
    std::string_view name = file_name;
    if (!Consume(name, kUNetPrefix)) return {};
    return {{.name = UNetName(name, per_block)}};
  };
}

NameMap VaeNames(int64_t levels, const std::string& prefix) {
  return [levels, prefix](const std::string& file_name, const std::vector<int64_t>&) -> Mapped {
    std::string_view name = file_name;
    if (!Consume(name, prefix) || name.starts_with("loss.") || name.starts_with("model_ema.")) return {};
    return {{.name = VaeName(name, levels)}};
  };
}

NameMap ClipNames(const std::string& prefix) {
  return [prefix](const std::string& file_name, const std::vector<int64_t>&) -> Mapped {
    std::string_view name = file_name;
    if (!Consume(name, prefix)) return {};
    return {{.name = std::string(name)}};
  };
}

NameMap OpenClipNames() {
  return [](const std::string& file_name, const std::vector<int64_t>& shape) -> Mapped {
    std::string_view name = file_name;
    if (!Consume(name, kOpenClipPrefix)) return {};
    return OpenClipTensor(name, shape);
  };
}

}  // namespace skipbench
