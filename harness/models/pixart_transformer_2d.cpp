#include "harness/models/pixart_transformer_2d.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>

#include "harness/models/config.h"
#include "harness/nn/layers/macs.h"
#include "harness/nn/layers/time_text_embedding.h"

namespace skipbench {

namespace {
constexpr const char *kText = "encoder_hidden_states", *kMask = "encoder_attention_mask", *kResolution = "resolution",
                     *kAspectRatio = "aspect_ratio";
constexpr double kHeadEps = 1e-6;
}  // namespace

PixArtBlock::PixArtBlock(const Weights& w, const Options& options)
    : name_(ModuleName(w)),
      eps_(options.norm_eps),
      table_(w, {6, options.heads * options.dim_head}),
      attn1_(w.Sub("attn1"), {.query_dim = options.heads * options.dim_head,
                              .heads = options.heads,
                              .dim_head = options.dim_head,
                              .bias = true,
                              .upcast = options.upcast_attention}),
      attn2_(w.Sub("attn2"), {.heads = options.heads, .dim_head = options.dim_head}, options.heads * options.dim_head),
      ff_(Mlp::FeedForward(w.Sub("ff"), options.heads * options.dim_head, 4 * options.heads * options.dim_head)) {}

at::Tensor PixArtBlock::Norm1(const at::Tensor& x, const std::vector<at::Tensor>& parts) const {
  return NormAndModulate(name_ + ".norm1", x, eps_, parts[0], parts[1]);
}

ModulatedInput PixArtBlock::Start(const TransformerState& state) const {
  const auto parts = table_.Forward(state.modulation);
  return {parts, Norm1(state.tokens, parts)};
}

void PixArtBlock::Run(TransformerState* state) const {
  // Shift, scale, gate; twice.
  const auto [parts, normed] = state->TakeStart([&] { return table_.Forward(state->modulation); });
  const at::Tensor& x = state->tokens;
  const at::Tensor attended = RunModule(state->modules, kAttentionModule, x.sizes(), [&, &parts = parts, &n = normed] {
    return attn1_.ForwardAdd(n.defined() ? n : Norm1(x, parts), at::Tensor());
  });
  at::Tensor h = GatedAdd(x, parts[2], attended);
  h = attn2_.ForwardAdd([&] { return h; }, state->context, state->mask, h, state->modules);
  const at::Tensor fed = RunModule(state->modules, kFeedForwardModule, h.sizes(), [&, &parts = parts] {
    return ff_.Forward(NormAndModulate(name_ + ".norm2", h, eps_, parts[3], parts[4]));
  });
  state->tokens = GatedAdd(h, parts[5], fed);
}

PixArtTransformer2DModel::Config PixArtTransformer2DModel::ParseConfig(const JsonReader& json) {
  CheckClassName<PixArtTransformer2DModel>(json);
  Only(json, "norm_type", {"ada_norm_single"});
  Only(json, "activation_fn", {"gelu-approximate"});
  Only(json, "norm_elementwise_affine", {false});
  Only(json, "attention_bias", {true});
  Only(json, "double_self_attention", {false});
  Config c;
  c.sample_size = json.IntOr("sample_size", c.sample_size, 1, kMaxChannels);
  c.patch_size = json.IntOr("patch_size", c.patch_size, 1, c.sample_size);
  c.in_channels = json.IntOr("in_channels", c.in_channels, 1, kMaxChannels);
  c.out_channels = IntOrNull(json, "out_channels", c.out_channels, 1, kMaxChannels).value_or(c.in_channels);
  c.num_layers = json.IntOr("num_layers", c.num_layers, 1, kMaxLayers);
  c.interpolation_scale =
      json.DoubleOr("interpolation_scale", static_cast<double>(std::max<int64_t>(c.sample_size / 64, 1)), 1e-3, 1e3);
  c.use_additional_conditions = json.BoolOr("use_additional_conditions", c.sample_size == 128);
  c.caption_channels = IntOrNull(json, "caption_channels", std::nullopt, 1, kMaxChannels);
  c.block.heads = json.IntOr("num_attention_heads", c.block.heads, 1, kMaxChannels);
  c.block.dim_head = json.IntOr("attention_head_dim", c.block.dim_head, 1, kMaxChannels);
  if (c.width() % 4 != 0)
    json.FailAt("attention_head_dim", fmt::format("{} heads of {}: the table of positions takes a multiple of 4",
                                                  c.block.heads, c.block.dim_head));
  if (c.use_additional_conditions && c.width() % 3 != 0)
    json.FailAt("use_additional_conditions",
                fmt::format("their embeddings take a third of the width each, which is {}", c.width()));
  if (const auto cross = IntOrNull(json, "cross_attention_dim", c.width(), 1, kMaxChannels * kMaxChannels);
      cross != c.width())
    json.FailAt("cross_attention_dim", fmt::format("expected the width of the blocks, {}", c.width()));
  c.block.norm_eps = json.DoubleOr("norm_eps", c.block.norm_eps, 0, 1);
  c.block.upcast_attention = json.BoolOr("upcast_attention", false);
  // Of blocks that it does not have; the timesteps are not counted anywhere.
  IgnoreTheRest(json, {"dropout", "norm_num_groups", "num_embeds_ada_norm"});
  return c;
}

PixArtTransformer2DModel::PixArtTransformer2DModel(const Config& config, const Weights& w)
    : config_(config),
      patches_(w.Sub("pos_embed.proj"), config.in_channels, config.width(), {config.patch_size, config.patch_size}),
      timestep_embedder_(w.Sub("adaln_single.emb.timestep_embedder"), kTransformerTimesteps.dim, config.width()),
      time_projection_(w.Sub("adaln_single.linear"), config.width(), 6 * config.width()),
      head_table_(w, {2, config.width()}),
      proj_out_(w.Sub("proj_out"), config.width(), config.patch_size * config.patch_size * config.out_channels) {
  const Weights embedders = w.Sub("adaln_single.emb");
  if (config.use_additional_conditions) {
    const int64_t third = config.width() / 3;
    resolution_embedder_.emplace(embedders.Sub("resolution_embedder"), kTransformerTimesteps.dim, third);
    aspect_ratio_embedder_.emplace(embedders.Sub("aspect_ratio_embedder"), kTransformerTimesteps.dim, third);
  }
  if (config.caption_channels)
    caption_projection_ = Mlp::TextProjection(w.Sub("caption_projection"), *config.caption_channels, config.width(),
                                              Mlp::Activation::kGeluTanh);
  for (int64_t i = 0; i < config.num_layers; ++i) blocks_.emplace_back(w.Sub("transformer_blocks", i), config.block);
  info_ = {.in_channels = config.in_channels,
           .out_channels = config.out_channels,
           .sample_size = config.sample_size,
           .patch = {config.patch_size, config.patch_size},
           .dtype = w.options().dtype};
  SetAbilities(
      config.num_layers, kAttentionModule | kCrossAttentionModule | kFeedForwardModule,
      {ProbeSite::Signal::kTimeEmbedding, ProbeSite::Signal::kTimeProjection, ProbeSite::Signal::kModulatedInput});
}

std::map<std::string, ConditioningInput> PixArtTransformer2DModel::conditioning(at::IntArrayRef) const {
  std::map<std::string, ConditioningInput> takes = {
      {kText, {.row = {-1, config_.caption_channels.value_or(config_.width())}}}, {kMask, {.row = {-1}, .classes = 2}}};
  if (config_.use_additional_conditions) {
    takes[kResolution] = {.row = {2}};
    takes[kAspectRatio] = {.row = {1}};
  }
  return takes;
}

at::Tensor PixArtTransformer2DModel::TimeEmbedding(const NetworkInputs& inputs) const {
  const auto embed = [&](const TimestepEmbedding& layer, const at::Tensor& numbers) {
    return layer.Forward(kTransformerTimesteps.Forward(numbers.flatten().to(at::kFloat)).to(info_.dtype));
  };
  const at::Tensor time = embed(timestep_embedder_, TimestepRows(inputs));
  if (!config_.use_additional_conditions) return time;
  const int64_t rows = inputs.sample.size(0);
  const at::Tensor& resolution = Require(inputs, kResolution, {2});
  const at::Tensor& aspect_ratio = Require(inputs, kAspectRatio, {1});
  return time + at::cat({embed(*resolution_embedder_, resolution).reshape({rows, -1}),
                         embed(*aspect_ratio_embedder_, aspect_ratio).reshape({rows, -1})},
                        1);
}

void PixArtTransformer2DModel::EmbedTime(const NetworkInputs& inputs, TransformerState* state) const {
  state->time = TimeEmbedding(inputs);
  state->modulation = time_projection_.Forward(at::silu(state->time));
  Observe(inputs, "adaln_single", state->modulation);
}

void PixArtTransformer2DModel::Enter(const NetworkInputs& inputs, TransformerState* state) const {
  at::Tensor& tokens = state->tokens;
  tokens = patches_.Forward(inputs.sample.to(info_.dtype));
  if (!tokens.is_meta()) {
    const int64_t p = config_.patch_size;
    tokens = tokens + OncePerRun(inputs, this, [&] {
               return SinePositions(inputs.sample.size(2) / p, inputs.sample.size(3) / p, config_.sample_size / p,
                                    config_.interpolation_scale, config_.width())
                   .to(tokens.options());
             });
  }
  Observe(inputs, "pos_embed", tokens);
  state->context = Text(inputs, config_.caption_channels.value_or(config_.width()));
  if (caption_projection_)
    state->context = Project(state->context, &*caption_projection_,
                             [this](const at::Tensor& text) { return caption_projection_->Forward(text); });
  if (inputs.observe) Observe(inputs, "caption_projection", RowsOf(state->context));
  state->mask = Require(inputs, kMask, {state->context.tokens.size(1)});
}

void PixArtTransformer2DModel::RunBlock(int block, TransformerState* state) const {
  blocks_[static_cast<size_t>(block)].Run(state);
}

at::Tensor PixArtTransformer2DModel::Head(const NetworkInputs& inputs, const TransformerState& state) const {
  const auto parts = head_table_.Forward(state.time);  // shift, scale
  const at::Tensor out = proj_out_.Forward(NormAndModulate("norm_out", state.tokens, kHeadEps, parts[0], parts[1]));
  const at::Tensor& sample = inputs.sample;
  return FromPatches(out, {sample.size(0), config_.out_channels, sample.size(2), sample.size(3)},
                     {config_.patch_size, config_.patch_size}, true);
}

}  // namespace skipbench
