#include "harness/models/unet_2d_condition.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "harness/base/error.h"

namespace skipbench {

using Config = UNet2DConditionModel::Config;

namespace {
constexpr const char* kClassLabels = "class_labels";
constexpr int64_t kTimeIds = 6;
}  // namespace

UNet2DConditionModel::UNet2DConditionModel(const Config& config, const Weights& w) : config_(config) {
  center_input_sample_ = config.center_input_sample;
  const auto any = [](const std::vector<bool>& flags) {
    return std::find(flags.begin(), flags.end(), true) != flags.end();
  };
  if (any(config.down_cross_attention) || any(config.up_cross_attention) ||
      config.mid_block_type == Config::MidBlockType::kCrossAttention) {
    cross_attention_dim_ = config.cross_attention_dim[0];
    for (int64_t dim : config.cross_attention_dim)
      if (dim != cross_attention_dim_)
        FailUnsupported("cross_attention_dim: different widths in different levels are not supported");
  }
  const int64_t first = config.block_out_channels[0];
  conv_in_.emplace(w.Sub("conv_in"),
                   Conv2dOptions{config.in_channels, first, config.conv_in_kernel, 1, (config.conv_in_kernel - 1) / 2});
  BuildEmbeddings(w);
  const Levels levels = {config.block_out_channels, config.layers_per_block, config.downsample_padding};
  BuildDown(w, levels, [&](size_t level) {
    return LayerOptions(level, config.down_cross_attention[level], config.transformer_layers[level]);
  });
  BuildMid(w);
  BuildUp(w, levels, [&](size_t block, size_t level) {
    return LayerOptions(level, config.up_cross_attention[block], config.up_transformer_layers[block]);
  });
  conv_norm_out_.emplace(w.Sub("conv_norm_out"), config.norm_num_groups, first, config.norm_eps);
  conv_out_.emplace(w.Sub("conv_out"), Conv2dOptions{first, config.out_channels, config.conv_out_kernel, 1,
                                                     (config.conv_out_kernel - 1) / 2});
  FinishConstruction(w, config.in_channels, config.sample_size);
}

void UNet2DConditionModel::BuildEmbeddings(const Weights& w) {
  const Config& c = config_;
  const int64_t first = c.block_out_channels[0];
  const int64_t dim = time_embedding_dim();
  time_proj_ = {first, c.flip_sin_to_cos, c.freq_shift};
  time_embedding_.emplace(w.Sub("time_embedding"), first, dim);
  const Weights cls = w.Sub("class_embedding");
  switch (c.class_embedding) {
    case Config::ClassEmbedding::kTable: class_table_.emplace(cls, c.num_class_embeds, dim); break;
    case Config::ClassEmbedding::kTimestep: class_timestep_embedding_.emplace(cls, first, dim); break;
    case Config::ClassEmbedding::kProjection:
      class_timestep_embedding_.emplace(cls, c.projection_class_embeddings_input_dim, dim);
      break;
    case Config::ClassEmbedding::kSimpleProjection:
      class_linear_.emplace(cls, c.projection_class_embeddings_input_dim, dim);
      break;
    case Config::ClassEmbedding::kNone:
    case Config::ClassEmbedding::kIdentity: break;
  }
  if (c.text_time) {
    add_time_proj_ = {c.addition_time_embed_dim, c.flip_sin_to_cos, c.freq_shift};
    add_embedding_.emplace(w.Sub("add_embedding"), c.projection_class_embeddings_input_dim, dim);
  }
  time_.emplace(c.class_embeddings_concat && c.class_embedding != Config::ClassEmbedding::kNone ? 2 * dim : dim);
}

BlockOptions UNet2DConditionModel::LayerOptions(size_t level, bool cross_attention,
                                                const std::vector<int64_t>& transformer_layers) const {
  const Config& c = config_;
  BlockOptions options;
  options.resnet = {.groups = c.norm_num_groups, .eps = c.norm_eps, .scale_shift = c.time_scale_shift};
  options.attention = cross_attention ? BlockAttention::kCross : BlockAttention::kNone;
  options.transformer_layers = transformer_layers;
  options.transformer = {.heads = c.heads[level],
                         .cross_attention_dim = c.cross_attention_dim[level],
                         .only_cross_attention = c.only_cross_attention[level],
                         .upcast_attention = c.upcast_attention,
                         .use_linear_projection = c.use_linear_projection,
                         .norm_groups = c.norm_num_groups};
  return options;
}

void UNet2DConditionModel::BuildMid(const Weights& w) {
  if (config_.mid_block_type == Config::MidBlockType::kNone) return;
  const bool cross = config_.mid_block_type == Config::MidBlockType::kCrossAttention;
  const size_t last = config_.block_out_channels.size() - 1;
  BlockOptions options = LayerOptions(last, cross, config_.transformer_layers[last]);
  options.resnet.output_scale = config_.mid_block_scale_factor;
  options.transformer.only_cross_attention = false;
  mid_block_.emplace(w.Sub("mid_block"), config_.block_out_channels[last], options, cross ? 1 : 0, &*time_);
}

std::map<std::string, ConditioningInput> UNet2DConditionModel::conditioning(at::IntArrayRef latent) const {
  auto inputs = UNet::conditioning(latent);
  using Class = Config::ClassEmbedding;
  switch (config_.class_embedding) {
    case Class::kNone: break;
    case Class::kTable: inputs[kClassLabels] = {.row = {}, .classes = config_.num_class_embeds}; break;
    case Class::kTimestep: inputs[kClassLabels] = {}; break;
    case Class::kIdentity: inputs[kClassLabels] = {.row = {time_embedding_dim()}}; break;
    case Class::kProjection:
    case Class::kSimpleProjection:
      inputs[kClassLabels] = {.row = {config_.projection_class_embeddings_input_dim}};
      break;
  }
  if (config_.text_time) {
    inputs["text_embeds"] = {.row = {pooled_width()}};
    inputs["time_ids"] = {.row = {kTimeIds}};  // original size, crop, target size
  }
  return inputs;
}

bool UNet2DConditionModel::TimeIsShared() const {
  return config_.class_embedding == Config::ClassEmbedding::kNone && !config_.text_time;
}

at::Tensor UNet2DConditionModel::EmbedClass(const NetworkInputs& inputs, const at::Tensor& like) const {
  const at::Tensor& labels = Require(inputs, kClassLabels, conditioning({}).at(kClassLabels).row);
  if (class_table_) return class_table_->Forward(labels);
  if (config_.class_embedding == Config::ClassEmbedding::kTimestep)
    return class_timestep_embedding_->Forward(time_proj_.Forward(labels).to(like.scalar_type()));
  const at::Tensor x = labels.to(like.scalar_type());
  if (class_timestep_embedding_) return class_timestep_embedding_->Forward(x);
  return class_linear_ ? class_linear_->Forward(x) : x;
}

at::Tensor UNet2DConditionModel::EmbedTextTime(const NetworkInputs& inputs, const at::Tensor& like) const {
  const at::Tensor& text = Require(inputs, "text_embeds", {pooled_width()});
  const at::Tensor ids =
      add_time_proj_.Forward(Require(inputs, "time_ids", {kTimeIds}).flatten()).reshape({text.size(0), -1});
  return add_embedding_->Forward(at::cat({text.to(like.scalar_type()), ids.to(like.scalar_type())}, -1));
}

at::Tensor UNet2DConditionModel::EmbedTime(const NetworkInputs& inputs) const {
  const at::Tensor t = time_proj_.Forward(TimestepRows(inputs)).to(dtype());
  Observe(inputs, "time_proj", t);
  at::Tensor emb = time_embedding_->Forward(t);
  Observe(inputs, "time_embedding", emb);
  if (config_.class_embedding != Config::ClassEmbedding::kNone) {
    const at::Tensor cls = EmbedClass(inputs, emb);
    emb = config_.class_embeddings_concat ? at::cat({emb.expand_as(cls), cls}, -1) : emb + cls;
  }
  if (config_.text_time) {
    const at::Tensor added = EmbedTextTime(inputs, emb);
    Observe(inputs, "add_embedding", added);
    emb = emb + added;
  }
  return config_.time_embedding_silu ? at::silu(emb) : emb;
}

}  // namespace skipbench
