#include "harness/models/sd3_transformer_2d.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include "harness/base/error.h"
#include "harness/models/config.h"

namespace skipbench {

namespace {
constexpr const char *kText = "encoder_hidden_states", *kPooled = "pooled_projections";
constexpr int64_t kMaxPositions = 4096;  // a side; published: 96, 192, 384
}  // namespace

SD3Transformer2DModel::Config SD3Transformer2DModel::ParseConfig(const JsonReader& json) {
  CheckClassName<SD3Transformer2DModel>(json);
  Config c;
  c.sample_size = json.IntOr("sample_size", c.sample_size, 1, kMaxChannels);
  c.patch_size = json.IntOr("patch_size", c.patch_size, 1, c.sample_size);
  c.in_channels = json.IntOr("in_channels", c.in_channels, 1, kMaxChannels);
  c.out_channels = IntOrNull(json, "out_channels", c.out_channels, 1, kMaxChannels).value_or(c.in_channels);
  c.num_layers = json.IntOr("num_layers", c.num_layers, 1, kMaxLayers);
  c.joint_attention_dim = json.IntOr("joint_attention_dim", c.joint_attention_dim, 1, kMaxChannels);
  c.pooled_projection_dim = json.IntOr("pooled_projection_dim", c.pooled_projection_dim, 1, kMaxChannels);
  c.pos_embed_max_size = json.IntOr("pos_embed_max_size", c.pos_embed_max_size, 1, kMaxPositions);
  c.attention.heads = json.IntOr("num_attention_heads", c.attention.heads, 1, kMaxChannels);
  c.attention.dim_head = json.IntOr("attention_head_dim", c.attention.dim_head, 1, kMaxChannels);
  if (json.IntOr("caption_projection_dim", 1152, 1, kMaxChannels * kMaxChannels) != c.attention.width())
    json.FailAt("caption_projection_dim", fmt::format("expected the width of the blocks, {} heads of {}",
                                                      c.attention.heads, c.attention.dim_head));
  if (json.Has("dual_attention_layers"))
    for (int64_t layer : json.Ints("dual_attention_layers")) {
      if (layer < 0 || layer >= c.num_layers)
        json.FailAt("dual_attention_layers",
                    fmt::format("expected layers in [0, {}], found {}", c.num_layers - 1, layer));
      c.dual_attention_layers.insert(layer);
    }
  Only(json, "qk_norm", {"rms_norm"});
  if (json.Has("qk_norm")) c.attention.norm = QueryKeyNorm::kHead;
  IgnoreTheRest(json, {});
  return c;
}

SD3Transformer2DModel::SD3Transformer2DModel(const Config& config, const Weights& w)
    : config_(config),
      patches_(w.Sub("pos_embed.proj"), config.in_channels, config.attention.width(),
               {config.patch_size, config.patch_size}),
      positions_(
          w.Sub("pos_embed")
              .Take("pos_embed", {1, config.pos_embed_max_size * config.pos_embed_max_size, config.attention.width()})),
      time_text_embed_(w.Sub("time_text_embed"), config.attention.width(), config.pooled_projection_dim, false),
      context_embedder_(w.Sub("context_embedder"), config.joint_attention_dim, config.attention.width()),
      norm_out_(w.Sub("norm_out"), config.attention.width()),
      proj_out_(w.Sub("proj_out"), config.attention.width(),
                config.patch_size * config.patch_size * config.out_channels) {
  for (int64_t i = 0; i < config.num_layers; ++i)
    blocks_.emplace_back(w.Sub("transformer_blocks", i),
                         JointBlock::Options{.attention = config.attention,
                                             .dual = config.dual_attention_layers.contains(i),
                                             .text_ends = i + 1 == config.num_layers});
  info_ = {.in_channels = config.in_channels,
           .out_channels = config.out_channels,
           .sample_size = config.sample_size,
           .patch = {config.patch_size, config.patch_size},
           .max_positions = config.pos_embed_max_size,
           .dtype = w.options().dtype};
  SetAbilities(config.num_layers, kAttentionModule | kFeedForwardModule, {ProbeSite::Signal::kModulatedInput});
}

std::map<std::string, ConditioningInput> SD3Transformer2DModel::conditioning(at::IntArrayRef) const {
  return {{kText, {.row = {-1, config_.joint_attention_dim}}}, {kPooled, {.row = {config_.pooled_projection_dim}}}};
}

// The middle of the stored table.
at::Tensor SD3Transformer2DModel::Positions(int64_t height, int64_t width) const {
  const int64_t side = config_.pos_embed_max_size;
  if (height > side || width > side)
    Fail("a sample of {}x{}: this network knows the positions of at most {}x{}", height * config_.patch_size,
         width * config_.patch_size, side * config_.patch_size, side * config_.patch_size);
  return positions_.view({side, side, -1})
      .narrow(0, (side - height) / 2, height)
      .narrow(1, (side - width) / 2, width)
      .reshape({1, height * width, -1});
}

void SD3Transformer2DModel::EmbedTime(const NetworkInputs& inputs, TransformerState* state) const {
  const at::Tensor& pooled = Require(inputs, kPooled, {config_.pooled_projection_dim});
  state->modulation = time_text_embed_.Forward(TimestepRows(inputs), {}, pooled.to(info_.dtype));
  Observe(inputs, "time_text_embed", state->modulation);
}

void SD3Transformer2DModel::Enter(const NetworkInputs& inputs, TransformerState* state) const {
  state->tokens = patches_.Forward(inputs.sample.to(info_.dtype));
  const int64_t p = config_.patch_size;
  const at::Tensor positions = Positions(inputs.sample.size(2) / p, inputs.sample.size(3) / p);
  if (!state->tokens.is_meta()) state->tokens = state->tokens + positions;
  Observe(inputs, "pos_embed", state->tokens);
  state->text = RowsOf(Project(Text(inputs, config_.joint_attention_dim), &context_embedder_,
                               [this](const at::Tensor& text) { return context_embedder_.Forward(text); }));
  Observe(inputs, "context_embedder", state->text);
}

void SD3Transformer2DModel::RunBlock(int block, TransformerState* state) const {
  const ModulatedInput start = std::exchange(state->start, {});
  blocks_[static_cast<size_t>(block)].Run(state->modulation, nullptr, start, state->modules, &state->tokens,
                                          &state->text);
}

at::Tensor SD3Transformer2DModel::Head(const NetworkInputs& inputs, const TransformerState& state) const {
  const at::Tensor& sample = inputs.sample;
  return FromPatches(proj_out_.Forward(norm_out_.Forward(state.tokens, state.modulation)),
                     {sample.size(0), config_.out_channels, sample.size(2), sample.size(3)},
                     {config_.patch_size, config_.patch_size}, true);
}

}  // namespace skipbench
