#include "harness/nn/ldm_names.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <charconv>
#include <map>
#include <optional>
#include <set>
#include <span>

namespace skipbench {
namespace {

using Parts = std::vector<std::string>;
using Renames = std::map<std::string, std::string>;

Parts Split(const std::string& name) {
  Parts parts(1);
  for (char c : name) {
    if (c == '.')
      parts.emplace_back();
    else
      parts.back() += c;
  }
  return parts;
}

// parts[from..to) with dots between.
std::string Join(const Parts& parts, size_t from, size_t to) {
  return from < to ? fmt::format("{}", fmt::join(parts.begin() + static_cast<long>(from), parts.begin() + static_cast<long>(to), ".")) : "";
}

std::optional<int> Number(const std::string& text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 0 || value > 10000) return std::nullopt;
  return value;
}

// "in_layers.0.weight" -> "norm1.weight" by `renames` of all but the leaf; nothing if it is not among them.
std::optional<std::string> Rename(const Renames& renames, const Parts& parts, size_t from) {
  if (parts.size() < from + 2) return std::nullopt;
  const auto found = renames.find(Join(parts, from, parts.size() - 1));
  if (found == renames.end()) return std::nullopt;
  return found->second + "." + parts.back();
}

// A map that applies `rename` to what follows `prefix`.
template <typename F>
NameMap Under(const std::string& prefix, F rename) {
  return [prefix, rename](const std::string& name, const std::vector<int64_t>& shape) -> std::vector<MappedTensor> {
    if (!name.starts_with(prefix)) return {};
    std::vector<MappedTensor> parts = rename(name.substr(prefix.size()), shape);
    return parts;
  };
}

std::vector<MappedTensor> One(const std::optional<std::string>& renamed, const std::string& original) {
  return {{.name = renamed.value_or(original)}};
}

const Renames& ResnetNames() {
  static const Renames names = {{"in_layers.0", "norm1"},  {"in_layers.2", "conv1"},  {"emb_layers.1", "time_emb_proj"},
                                {"out_layers.0", "norm2"}, {"out_layers.3", "conv2"}, {"skip_connection", "conv_shortcut"}};
  return names;
}

// Where the input blocks go, from what they contain: a down-sampler ends a level.
struct UNetLayout {
  std::map<int, std::pair<int, int>> input;      // block number -> (level, layer; -1: the down-sampler)
  int levels = 1;
  int layers_up = 1;                             // output blocks per level

  static UNetLayout Of(const std::string& prefix, const std::vector<std::string>& names) {
    std::map<int, bool> down;                    // input block -> is it a down-sampler
    std::set<int> output;
    for (const std::string& name : names) {
      if (!name.starts_with(prefix)) continue;
      const Parts parts = Split(name.substr(prefix.size()));
      const auto number = parts.size() > 3 ? Number(parts[1]) : std::nullopt;
      if (!number) continue;
      if (parts[0] == "input_blocks" && parts[2] == "0") down[*number] |= parts[3] == "op";
      if (parts[0] == "output_blocks") output.insert(*number);
    }
    UNetLayout layout;
    int layer = 0;
    for (const auto& [number, is_down] : down) {
      if (number == 0) continue;
      layout.input[number] = {layout.levels - 1, is_down ? -1 : layer++};
      if (is_down) ++layout.levels, layer = 0;
    }
    if (!output.empty()) layout.layers_up = std::max(1, (*output.rbegin() + 1) / layout.levels);
    return layout;
  }
};

std::optional<std::string> InputBlock(const UNetLayout& layout, const Parts& parts) {
  const auto number = parts.size() > 3 ? Number(parts[1]) : std::nullopt;
  if (!number) return std::nullopt;
  if (*number == 0) return "conv_in." + parts.back();
  const auto place = layout.input.find(*number);
  if (place == layout.input.end()) return std::nullopt;
  const auto [level, layer] = place->second;
  if (layer < 0) return fmt::format("down_blocks.{}.downsamplers.0.conv.{}", level, parts.back());
  if (parts[2] == "1") return fmt::format("down_blocks.{}.attentions.{}.{}", level, layer, Join(parts, 3, parts.size()));
  const auto inner = Rename(ResnetNames(), parts, 3);
  return inner ? std::optional(fmt::format("down_blocks.{}.resnets.{}.{}", level, layer, *inner)) : std::nullopt;
}

std::optional<std::string> OutputBlock(const UNetLayout& layout, const Parts& parts) {
  const auto number = parts.size() > 3 ? Number(parts[1]) : std::nullopt;
  if (!number) return std::nullopt;
  const int level = *number / layout.layers_up, layer = *number % layout.layers_up;
  const std::string inner = Join(parts, 3, parts.size());
  if (parts[2] != "0" && parts[3] == "conv") return fmt::format("up_blocks.{}.upsamplers.0.{}", level, inner);
  if (parts[2] != "0") return fmt::format("up_blocks.{}.attentions.{}.{}", level, layer, inner);
  const auto renamed = Rename(ResnetNames(), parts, 3);
  return renamed ? std::optional(fmt::format("up_blocks.{}.resnets.{}.{}", level, layer, *renamed)) : std::nullopt;
}

std::optional<std::string> MiddleBlock(const Parts& parts) {
  if (parts.size() < 4) return std::nullopt;
  if (parts[1] == "1") return "mid_block.attentions.0." + Join(parts, 2, parts.size());
  const auto inner = Rename(ResnetNames(), parts, 2);
  if (!inner || (parts[1] != "0" && parts[1] != "2")) return std::nullopt;
  return fmt::format("mid_block.resnets.{}.{}", parts[1] == "0" ? 0 : 1, *inner);
}

std::optional<std::string> UNetName(const UNetLayout& layout, const std::string& name) {
  static const Renames outside = {{"time_embed.0", "time_embedding.linear_1"},   {"time_embed.2", "time_embedding.linear_2"},
                                  {"label_emb.0.0", "add_embedding.linear_1"},   {"label_emb.0.2", "add_embedding.linear_2"},
                                  {"out.0", "conv_norm_out"},                    {"out.2", "conv_out"}};
  const Parts parts = Split(name);
  if (parts[0] == "input_blocks") return InputBlock(layout, parts);
  if (parts[0] == "output_blocks") return OutputBlock(layout, parts);
  if (parts[0] == "middle_block") return MiddleBlock(parts);
  return Rename(outside, parts, 0);
}

// "block" / "attn" and their numbers inside an autoencoder, from `at` on.
std::optional<std::string> AutoencoderModule(const Parts& parts, size_t at, int number, bool attention) {
  static const Renames resnet = {{"norm1", "norm1"}, {"conv1", "conv1"}, {"norm2", "norm2"}, {"conv2", "conv2"}, {"nin_shortcut", "conv_shortcut"}};
  static const Renames attn = {{"norm", "group_norm"}, {"q", "to_q"}, {"k", "to_k"}, {"v", "to_v"}, {"proj_out", "to_out.0"}};
  const auto inner = Rename(attention ? attn : resnet, parts, at);
  if (!inner) return std::nullopt;
  return fmt::format("{}.{}.{}", attention ? "attentions" : "resnets", number, *inner);
}

std::optional<std::string> AutoencoderName(int levels, const std::string& name) {
  const Parts parts = Split(name);
  if (parts.size() < 3 || (parts[0] != "encoder" && parts[0] != "decoder")) return name;      // quant_conv, post_quant_conv
  const std::string& part = parts[1];
  if (part == "norm_out") return parts[0] + ".conv_norm_out." + parts.back();
  if (part == "mid" && parts.size() > 4) {
    for (const auto& [module, number] : {std::pair("block_1", 0), std::pair("block_2", 1), std::pair("attn_1", 0)})
      if (parts[2] == module) {
        const auto inner = AutoencoderModule(parts, 3, number, parts[2][0] == 'a');
        return inner ? std::optional(parts[0] + ".mid_block." + *inner) : std::nullopt;
      }
    return std::nullopt;
  }
  if (part != "down" && part != "up") return name;                                           // conv_in, conv_out
  const auto level = parts.size() > 4 ? Number(parts[2]) : std::nullopt;
  if (!level || *level >= levels) return std::nullopt;
  // The decoder's levels are numbered from the picture's side there, in order of execution here.
  const std::string block = fmt::format("{}.{}_blocks.{}.", parts[0], part, part == "up" ? levels - 1 - *level : *level);
  if (parts[3] == "downsample" || parts[3] == "upsample") return fmt::format("{}{}rs.0.{}", block, parts[3] == "upsample" ? "upsample" : "downsample", Join(parts, 4, parts.size()));
  const auto number = parts.size() > 5 ? Number(parts[4]) : std::nullopt;
  if (!number || (parts[3] != "block" && parts[3] != "attn")) return std::nullopt;
  const auto inner = AutoencoderModule(parts, 5, *number, parts[3] == "attn");
  return inner ? std::optional(block + *inner) : std::nullopt;
}

std::vector<MappedTensor> OpenClipTensor(const std::string& name, const std::vector<int64_t>& shape) {
  static const Renames outside = {{"positional_embedding", "text_model.embeddings.position_embedding.weight"},
                                  {"token_embedding.weight", "text_model.embeddings.token_embedding.weight"},
                                  {"ln_final.weight", "text_model.final_layer_norm.weight"},
                                  {"ln_final.bias", "text_model.final_layer_norm.bias"}};
  static const Renames inside = {{"ln_1", "layer_norm1"}, {"ln_2", "layer_norm2"}, {"mlp.c_fc", "mlp.fc1"}, {"mlp.c_proj", "mlp.fc2"}, {"attn.out_proj", "self_attn.out_proj"}};
  if (const auto found = outside.find(name); found != outside.end()) return {{.name = found->second}};
  if (name == "text_projection") return {{.name = "text_projection.weight", .transpose = true}};
  if (name == "logit_scale" || name == "attn_mask" || name == "transformer.text_model.embeddings.position_ids") return {};
  const Parts parts = Split(name);
  if (parts.size() < 5 || parts[0] != "transformer" || parts[1] != "resblocks" || !Number(parts[2])) return {{.name = name}};
  const std::string layer = fmt::format("text_model.encoder.layers.{}.", parts[2]);
  if (parts[3] == "attn" && parts[4].starts_with("in_proj_") && !shape.empty() && shape[0] % 3 == 0) {
    const int64_t rows = shape[0] / 3;
    std::vector<MappedTensor> result;
    for (int i = 0; i < 3; ++i)
      result.push_back({.name = fmt::format("{}self_attn.{}_proj.{}", layer, "qkv"[i], parts[4].substr(8)), .begin = i * rows, .end = (i + 1) * rows});
    return result;
  }
  const auto inner = Rename(inside, parts, 3);
  return One(inner ? std::optional(layer + *inner) : std::nullopt, name);
}

}  // namespace

NameMap LdmUNetMap(const std::string& prefix, const std::vector<std::string>& names) {
  const UNetLayout layout = UNetLayout::Of(prefix, names);
  return Under(prefix, [layout](const std::string& name, const std::vector<int64_t>&) { return One(UNetName(layout, name), name); });
}

NameMap LdmAutoencoderMap(const std::string& prefix, const std::vector<std::string>& names) {
  int levels = 0;
  for (const std::string& name : names) {
    if (!name.starts_with(prefix)) continue;
    const Parts parts = Split(name.substr(prefix.size()));
    if (parts.size() > 2 && parts[0] == "decoder" && parts[1] == "up") levels = std::max(levels, Number(parts[2]).value_or(-1) + 1);
  }
  return Under(prefix, [levels](const std::string& name, const std::vector<int64_t>&) -> std::vector<MappedTensor> {
    if (name.starts_with("loss.") || name.starts_with("model_ema.")) return {};
    return One(AutoencoderName(levels, name), name);
  });
}

NameMap ClipTextMap(const std::string& prefix) {
  return Under(prefix, [](const std::string& name, const std::vector<int64_t>&) -> std::vector<MappedTensor> {
    if (name.ends_with("position_ids")) return {};
    return {{.name = name.starts_with("text_model.") ? name : "text_model." + name}};
  });
}

NameMap OpenClipTextMap(const std::string& prefix) { return Under(prefix, OpenClipTensor); }

}  // namespace skipbench
