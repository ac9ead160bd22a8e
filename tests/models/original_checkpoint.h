// Writes a model in diffusers' layout as an original Stable Diffusion checkpoint: the names run the other way than in
// harness/models/single_file_names.cpp, and are written down independently of it, after CompVis' and Stability AI's
// modules.
#pragma once

#include <ATen/ATen.h>

#include <filesystem>
#include <map>
#include <regex>
#include <string>

#include "harness/base/json.h"
#include "harness/nn/weights/tensor_file.h"

namespace skipbench::testing {

using Tensors = std::map<std::string, at::Tensor>;

inline std::string Replaced(std::string name, const std::vector<std::pair<const char*, const char*>>& rules) {
  for (const auto& [from, to] : rules) name = std::regex_replace(name, std::regex(from), to);
  return name;
}

// Networks with two layers for each level.
inline std::string OriginalUNetName(const std::string& name, const Tensors& tensors) {
  const auto inner = [](const std::string& rest) {
    return Replaced(rest, {{"^norm1", "in_layers.0"},
                           {"^conv1", "in_layers.2"},
                           {"^time_emb_proj", "emb_layers.1"},
                           {"^norm2", "out_layers.0"},
                           {"^conv2", "out_layers.3"},
                           {"^conv_shortcut", "skip_connection"}});
  };
  std::smatch m;
  if (std::regex_match(name, m, std::regex(R"((down|up)_blocks\.(\d)\.(\w+)\.(\d)\.(.*))"))) {
    const bool down = m[1] == "down";
    const std::string kind = m[3], rest = m[5];
    const int first = 3 * std::stoi(m[2]) + (down ? 1 : 0), layer = std::stoi(m[4]);
    const auto block = [&](int index) { return (down ? "input_blocks." : "output_blocks.") + std::to_string(index); };
    if (kind == "resnets") return block(first + layer) + ".0." + inner(rest);
    if (kind == "attentions") return block(first + layer) + ".1." + rest;
    if (kind == "downsamplers") return block(first + 2) + ".0.op." + rest.substr(5);
    const bool attention = tensors.contains("up_blocks." + m[2].str() + ".attentions.0.norm.weight");
    return block(first + 2) + (attention ? ".2." : ".1.") + rest;
  }
  if (std::regex_match(name, m, std::regex(R"(mid_block\.resnets\.(\d)\.(.*))")))
    return "middle_block." + std::to_string(2 * std::stoi(m[1])) + "." + inner(m[2]);
  return Replaced(name, {{"^mid_block\\.attentions\\.0", "middle_block.1"},
                         {"^time_embedding\\.linear_1", "time_embed.0"},
                         {"^time_embedding\\.linear_2", "time_embed.2"},
                         {"^add_embedding\\.linear_1", "label_emb.0.0"},
                         {"^add_embedding\\.linear_2", "label_emb.0.2"},
                         {"^conv_in", "input_blocks.0.0"},
                         {"^conv_norm_out", "out.0"},
                         {"^conv_out", "out.2"}});
}

// Autoencoders of four levels.
inline std::string OriginalVaeName(std::string name) {
  std::smatch m;
  if (std::regex_match(name, m, std::regex(R"(decoder\.up_blocks\.(\d)\.(.*))")))
    name = "decoder.up." + std::to_string(3 - std::stoi(m[1])) + "." + m[2].str();
  return Replaced(name, {{"down_blocks", "down"},
                         {"resnets\\.", "block."},
                         {"downsamplers\\.0", "downsample"},
                         {"upsamplers\\.0", "upsample"},
                         {"mid_block\\.block\\.0", "mid.block_1"},
                         {"mid_block\\.block\\.1", "mid.block_2"},
                         {"conv_shortcut", "nin_shortcut"},
                         {"conv_norm_out", "norm_out"},
                         {"mid_block\\.attentions\\.0\\.group_norm", "mid.attn_1.norm"},
                         {"mid_block\\.attentions\\.0\\.(query|to_q)", "mid.attn_1.q"},
                         {"mid_block\\.attentions\\.0\\.(key|to_k)", "mid.attn_1.k"},
                         {"mid_block\\.attentions\\.0\\.(value|to_v)", "mid.attn_1.v"},
                         {"mid_block\\.attentions\\.0\\.(proj_attn|to_out\\.0)", "mid.attn_1.proj_out"}});
}

inline void AddOpenClip(const Tensors& tensors, const std::string& prefix, Tensors* out) {
  for (const auto& [name, tensor] : tensors) {
    if (name == "text_projection.weight") {
      (*out)[prefix + "text_projection"] = tensor.t().contiguous();
    } else if (name.find("self_attn.q_proj.") != std::string::npos) {
      const auto other = [&](const char* part) { return tensors.at(Replaced(name, {{"q_proj", part}})); };
      const std::string fused = Replaced(name, {{"^text_model\\.encoder\\.layers", "transformer.resblocks"},
                                                {"self_attn\\.q_proj\\.", "attn.in_proj_"}});
      (*out)[prefix + fused] = at::cat({tensor, other("k_proj"), other("v_proj")});
    } else if (!std::regex_search(name, std::regex("[kv]_proj|position_ids"))) {
      (*out)[prefix +
             Replaced(name, {{"^text_model\\.encoder\\.layers", "transformer.resblocks"},
                             {"layer_norm(\\d)", "ln_$1"},
                             {"mlp\\.fc1", "mlp.c_fc"},
                             {"mlp\\.fc2", "mlp.c_proj"},
                             {"self_attn", "attn"},
                             {"^text_model\\.embeddings\\.position_embedding\\.weight", "positional_embedding"},
                             {"^text_model\\.embeddings\\.", ""},
                             {"^text_model\\.final_layer_norm", "ln_final"}})] = tensor;
    }
  }
  (*out)[prefix + "logit_scale"] = at::scalar_tensor(4.6);
}

inline Tensors OriginalCheckpoint(const std::filesystem::path& folder) {
  const bool xl = std::filesystem::exists(folder / "text_encoder_2");
  const auto read = [&](const char* component, const char* stem) {
    return ReadTensorFile(folder / component / (std::string(stem) + ".safetensors"));
  };
  Tensors out;
  const Tensors unet = read("unet", "diffusion_pytorch_model");
  for (const auto& [name, tensor] : unet) out["model.diffusion_model." + OriginalUNetName(name, unet)] = tensor;
  for (const auto& [name, tensor] : read("vae", "diffusion_pytorch_model")) {
    const std::string original = OriginalVaeName(name);
    // Its attention is made of 1x1 convolutions.
    const bool matrix = original.find("attn_1") != std::string::npos && tensor.dim() == 2;
    out["first_stage_model." + original] = matrix ? tensor.unsqueeze(-1).unsqueeze(-1) : tensor;
  }
  for (const auto& [name, tensor] : read("text_encoder", "model"))
    out[(xl ? "conditioner.embedders.0.transformer." : "cond_stage_model.transformer.") + name] = tensor;
  if (xl) AddOpenClip(read("text_encoder_2", "model"), "conditioner.embedders.1.model.", &out);
  // What the files hold besides.
  out["alphas_cumprod"] = at::linspace(1, 0, 1000);
  out["model_ema.decay"] = at::scalar_tensor(0.9999);
  return out;
}

// What shapes cannot tell of the fixtures' tiny models: {"unet": {"attention_head_dim": ...}, ...}.
inline Json TinyOverrides(const std::filesystem::path& folder) {
  Json overrides = Json::object();
  const auto take = [&](const char* component, std::initializer_list<const char*> keys) {
    if (!std::filesystem::exists(folder / component)) return;
    const Json config = ReadJsonFile(folder / component / "config.json");
    for (const char* key : keys)
      if (config.contains(key)) overrides[component][key] = config[key];
  };
  take("unet", {"attention_head_dim", "sample_size"});
  take("vae", {"sample_size"});
  take("text_encoder", {"num_attention_heads"});
  take("text_encoder_2", {"num_attention_heads"});
  return overrides;
}

}  // namespace skipbench::testing
