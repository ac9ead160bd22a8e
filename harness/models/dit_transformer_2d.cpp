#include "harness/models/dit_transformer_2d.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include "harness/models/config.h"
#include "harness/nn/layers/macs.h"

namespace skipbench {

namespace {

constexpr const char* kClassLabels = "class_labels";
constexpr Timesteps kTimeProjection = {.dim = 256, .flip_sin_to_cos = true, .freq_shift = 1};

constexpr double kFirstEps = 1e-6;

}  // namespace

DiTBlock::DiTBlock(const Weights& w, const Options& options)
    : name_(ModuleName(w)),
      norm_eps_(options.norm_eps),
      timestep_embedder_(w.Sub("norm1.emb.timestep_embedder"), kTimeProjection.dim, options.heads * options.dim_head),
      class_embedder_(w.Sub("norm1.emb.class_embedder.embedding_table"), options.classes + 1,
                      options.heads * options.dim_head),
      modulation_(w.Sub("norm1.linear"), options.heads * options.dim_head, options.heads * options.dim_head, 6),
      attn1_(w.Sub("attn1"), {.query_dim = options.heads * options.dim_head,
                              .heads = options.heads,
                              .dim_head = options.dim_head,
                              .bias = options.attention_bias,
                              .upcast = options.upcast_attention}),
      ff_(Mlp::FeedForward(w.Sub("ff"), options.heads * options.dim_head, 4 * options.heads * options.dim_head)) {}

at::Tensor DiTBlock::Embed(const at::Tensor& sinusoids, const at::Tensor& classes) const {
  return timestep_embedder_.Forward(sinusoids) + class_embedder_.Forward(classes);
}

// Shift, scale, gate; twice. Every block embeds timestep and class by itself.
std::vector<at::Tensor> DiTBlock::Modulate(const TransformerState& state) const {
  return modulation_.Forward(Embed(state.time, state.classes));
}

at::Tensor DiTBlock::Norm1(const at::Tensor& x, const std::vector<at::Tensor>& parts) const {
  return NormAndModulate(name_ + ".norm1.norm", x, kFirstEps, parts[0], parts[1]);
}

ModulatedInput DiTBlock::Start(const TransformerState& state) const {
  const auto parts = Modulate(state);
  return {parts, Norm1(state.tokens, parts)};
}

void DiTBlock::Run(TransformerState* state) const {
  const auto [parts, normed] = state->TakeStart([&] { return Modulate(*state); });
  const at::Tensor& x = state->tokens;
  const at::Tensor attended = RunModule(state->modules, kAttentionModule, x.sizes(), [&, &parts = parts, &n = normed] {
    return attn1_.ForwardAdd(n.defined() ? n : Norm1(x, parts), at::Tensor());
  });
  const at::Tensor h = GatedAdd(x, parts[2], attended);
  const at::Tensor fed = RunModule(state->modules, kFeedForwardModule, h.sizes(), [&, &parts = parts] {
    return ff_.Forward(NormAndModulate(name_ + ".norm3", h, norm_eps_, parts[3], parts[4]));
  });
  state->tokens = GatedAdd(h, parts[5], fed);
}

DiTTransformer2DModel::Config DiTTransformer2DModel::ParseConfig(const JsonReader& json) {
  CheckClassName<DiTTransformer2DModel>(json);
  Only(json, "norm_type", {"ada_norm_zero"});
  Only(json, "activation_fn", {"gelu-approximate"});
  Only(json, "norm_elementwise_affine", {false});
  Config c;
  c.sample_size = json.IntOr("sample_size", c.sample_size, 1, kMaxChannels);
  c.patch_size = json.IntOr("patch_size", c.patch_size, 1, c.sample_size);
  c.in_channels = json.IntOr("in_channels", c.in_channels, 1, kMaxChannels);
  c.out_channels = json.IntOr("out_channels", c.in_channels, 1, kMaxChannels);
  c.num_layers = json.IntOr("num_layers", c.num_layers, 1, kMaxLayers);
  c.block.heads = json.IntOr("num_attention_heads", c.block.heads, 1, kMaxChannels);
  c.block.dim_head = json.IntOr("attention_head_dim", c.block.dim_head, 1, kMaxChannels);
  if (c.block.heads * c.block.dim_head % 4 != 0)
    json.FailAt("attention_head_dim", fmt::format("{} heads of {}: the table of positions takes a multiple of 4",
                                                  c.block.heads, c.block.dim_head));
  c.block.classes = json.IntOr("num_embeds_ada_norm", c.block.classes, 1, int64_t{1} << 24);
  c.block.norm_eps = json.DoubleOr("norm_eps", c.block.norm_eps, 0, 1);
  c.block.attention_bias = json.BoolOr("attention_bias", true);
  c.block.upcast_attention = json.BoolOr("upcast_attention", false);
  // Of blocks that it does not have.
  IgnoreTheRest(json, {"dropout", "norm_num_groups"});
  return c;
}

DiTTransformer2DModel::DiTTransformer2DModel(const Config& config, const Weights& w)
    : config_(config),
      patches_(w.Sub("pos_embed.proj"), config.in_channels, width(), {config.patch_size, config.patch_size}),
      proj_out_1_(w.Sub("proj_out_1"), width(), width(), 2),
      proj_out_2_(w.Sub("proj_out_2"), width(), config.patch_size * config.patch_size * config.out_channels) {
  for (int64_t i = 0; i < config.num_layers; ++i) blocks_.emplace_back(w.Sub("transformer_blocks", i), config.block);
  info_ = {.in_channels = config.in_channels,
           .out_channels = config.out_channels,
           .sample_size = config.sample_size,
           .patch = {config.patch_size, config.patch_size},
           .dtype = w.options().dtype};
  SetAbilities(config.num_layers, kAttentionModule | kFeedForwardModule, {ProbeSite::Signal::kModulatedInput});
}

std::map<std::string, ConditioningInput> DiTTransformer2DModel::conditioning(at::IntArrayRef) const {
  return {{kClassLabels, {.row = {}, .classes = config_.block.classes + 1}}};
}

void DiTTransformer2DModel::EmbedTime(const NetworkInputs& inputs, TransformerState* state) const {
  state->time = kTimeProjection.Forward(TimestepRows(inputs)).to(info_.dtype);
  state->classes = Require(inputs, kClassLabels, {});
  if (inputs.observe) Observe(inputs, "transformer_blocks.0.norm1.emb", blocks_[0].Embed(state->time, state->classes));
}

void DiTTransformer2DModel::Enter(const NetworkInputs& inputs, TransformerState* state) const {
  at::Tensor& tokens = state->tokens;
  tokens = patches_.Forward(inputs.sample.to(info_.dtype));
  if (!tokens.is_meta()) {
    const int64_t p = config_.patch_size;
    tokens = tokens + OncePerRun(inputs, this, [&] {
               return SinePositions(inputs.sample.size(2) / p, inputs.sample.size(3) / p, config_.sample_size / p, 1,
                                    width())
                   .to(tokens.options());
             });
  }
  Observe(inputs, "pos_embed", tokens);
}

void DiTTransformer2DModel::RunBlock(int block, TransformerState* state) const {
  blocks_[static_cast<size_t>(block)].Run(state);
}

// The first block's embedding shifts and scales the last norm; then every token becomes its patch.
at::Tensor DiTTransformer2DModel::Head(const NetworkInputs& inputs, const TransformerState& state) const {
  const auto parts = proj_out_1_.Forward(blocks_[0].Embed(state.time, state.classes));  // shift, scale
  const at::Tensor out = proj_out_2_.Forward(NormAndModulate("norm_out", state.tokens, kFirstEps, parts[0], parts[1]));
  const at::Tensor& sample = inputs.sample;
  return FromPatches(out, {sample.size(0), config_.out_channels, sample.size(2), sample.size(3)},
                     {config_.patch_size, config_.patch_size}, true);
}

}  // namespace skipbench
