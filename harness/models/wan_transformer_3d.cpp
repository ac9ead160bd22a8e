#include "harness/models/wan_transformer_3d.h"

#include <ATen/ATen.h>
#include <fmt/ranges.h>

#include "harness/base/error.h"
#include "harness/models/config.h"
#include "harness/nn/layers/macs.h"

namespace skipbench {

namespace {
constexpr const char* kText = "encoder_hidden_states";
constexpr int64_t kMaxPatch = 64;

int64_t PatchValues(const PatchSize& patch) { return patch[0] * patch[1] * patch[2]; }
}  // namespace

WanBlock::WanBlock(const Weights& w, const Options& options)
    : name_(ModuleName(w)),
      eps_(options.attention.eps),
      table_(w, {1, 6, options.attention.width()}),
      attn1_(w.Sub("attn1"), options.attention),
      attn2_(w.Sub("attn2"), options.attention, options.attention.width()),
      ffn_(Mlp::FeedForward(w.Sub("ffn"), options.attention.width(), options.ffn_dim)) {
  if (options.cross_attn_norm) norm2_.emplace(w.Sub("norm2"), options.attention.width(), eps_);
}

at::Tensor WanBlock::Norm1(const at::Tensor& x, const std::vector<at::Tensor>& parts) const {
  return NormAndModulate(name_ + ".norm1", x, eps_, parts[0], parts[1]);
}

ModulatedInput WanBlock::Start(const TransformerState& state) const {
  const auto parts = table_.Forward(state.modulation);
  return {parts, Norm1(state.tokens, parts)};
}

void WanBlock::Run(TransformerState* state) const {
  // Shift, scale, gate; twice.
  const auto [parts, normed] = state->TakeStart([&] { return table_.Forward(state->modulation); });
  const at::Tensor& x = state->tokens;
  const at::Tensor attended = RunModule(state->modules, kAttentionModule, x.sizes(), [&, &parts = parts, &n = normed] {
    return attn1_.Forward(n.defined() ? n : Norm1(x, parts), &state->rotary);
  });
  at::Tensor h = GatedAdd(x, parts[2], attended);
  h = attn2_.ForwardAdd([&] { return norm2_ ? norm2_->Forward(h) : h; }, state->context, {}, h, state->modules);
  const at::Tensor fed = RunModule(state->modules, kFeedForwardModule, h.sizes(), [&, &parts = parts] {
    return ffn_.Forward(NormAndModulate(name_ + ".norm3", h, eps_, parts[3], parts[4]));
  });
  state->tokens = GatedAdd(h, parts[5], fed);
}

WanTransformer3DModel::Config WanTransformer3DModel::ParseConfig(const JsonReader& json) {
  CheckClassName<WanTransformer3DModel>(json);
  for (const char* key : {"image_dim", "added_kv_proj_dim", "pos_embed_seq_len"}) Only(json, key, {});
  Only(json, "qk_norm", {"rms_norm_across_heads"});
  Config c;
  c.patch_size = IntList(json, "patch_size", c.patch_size, 1, kMaxPatch);
  if (c.patch_size.size() != 3)
    json.FailAt("patch_size",
                fmt::format("expected frames, height and width of a patch, found [{}]", fmt::join(c.patch_size, ", ")));
  c.in_channels = json.IntOr("in_channels", c.in_channels, 1, kMaxChannels);
  c.out_channels = IntOrNull(json, "out_channels", c.out_channels, 1, kMaxChannels).value_or(c.in_channels);
  c.text_dim = json.IntOr("text_dim", c.text_dim, 1, kMaxChannels);
  c.freq_dim = json.IntOr("freq_dim", c.freq_dim, 2, kMaxChannels);
  c.num_layers = json.IntOr("num_layers", c.num_layers, 1, kMaxLayers);
  c.rope_max_seq_len = json.IntOr("rope_max_seq_len", c.rope_max_seq_len, 1, kMaxChannels);
  StreamOptions& attention = c.block.attention;
  attention.heads = json.IntOr("num_attention_heads", attention.heads, 1, kMaxChannels);
  attention.dim_head = json.IntOr("attention_head_dim", attention.dim_head, 1, kMaxChannels);
  if (attention.dim_head % 2 != 0)
    json.FailAt("attention_head_dim", fmt::format("rotary positions turn pairs, found {}", attention.dim_head));
  attention.eps = json.DoubleOr("eps", attention.eps, 0, 1);
  c.block.ffn_dim = json.IntOr("ffn_dim", c.block.ffn_dim, 1, kMaxChannels);
  c.block.cross_attn_norm = json.BoolOr("cross_attn_norm", c.block.cross_attn_norm);
  IgnoreTheRest(json, {});
  return c;
}

WanTransformer3DModel::WanTransformer3DModel(const Config& config, const Weights& w)
    : config_(config),
      patches_(w.Sub("patch_embedding"), config.in_channels, config.block.attention.width(), config.patch_size),
      time_embedder_(w.Sub("condition_embedder.time_embedder"), config.freq_dim, config.block.attention.width()),
      time_proj_(w.Sub("condition_embedder.time_proj"), config.block.attention.width(),
                 6 * config.block.attention.width()),
      text_embedder_(Mlp::TextProjection(w.Sub("condition_embedder.text_embedder"), config.text_dim,
                                         config.block.attention.width(), Mlp::Activation::kGeluTanh)),
      head_table_(w, {1, 2, config.block.attention.width()}),
      proj_out_(w.Sub("proj_out"), config.block.attention.width(),
                config.out_channels * PatchValues(config.patch_size)) {
  for (int64_t i = 0; i < config.num_layers; ++i) blocks_.emplace_back(w.Sub("blocks", i), config.block);
  info_ = {.in_channels = config.in_channels,
           .out_channels = config.out_channels,
           .patch = config.patch_size,
           .max_positions = config.rope_max_seq_len,
           .video = true,
           .dtype = w.options().dtype};
  SetAbilities(
      config.num_layers, kAttentionModule | kCrossAttentionModule | kFeedForwardModule,
      {ProbeSite::Signal::kTimeEmbedding, ProbeSite::Signal::kTimeProjection, ProbeSite::Signal::kModulatedInput});
  info_.abilities.guides_in_passes = true;  // WanPipeline, the authors' scripts
}

std::string WanTransformer3DModel::BlockName(int block) const { return fmt::format("blocks.{}", block); }

std::map<std::string, ConditioningInput> WanTransformer3DModel::conditioning(at::IntArrayRef) const {
  return {{kText, {.row = {-1, config_.text_dim}}}};
}

// A head's values are shared out to frames, rows and columns.
RotaryTable WanTransformer3DModel::Rotary(const NetworkInputs& inputs) const {
  std::vector<int64_t> sizes;
  for (int64_t axis = 0; axis < 3; ++axis) {
    const int64_t patch = config_.patch_size[static_cast<size_t>(axis)];
    sizes.push_back(inputs.sample.size(2 + axis) / patch);
    if (sizes.back() > config_.rope_max_seq_len)
      Fail("a sample of {}: this network knows {} positions along an axis, of patches of {}",
           fmt::join(inputs.sample.sizes().slice(2), "x"), config_.rope_max_seq_len,
           fmt::join(config_.patch_size, "x"));
  }
  const int64_t side = 2 * (config_.block.attention.dim_head / 6);
  return RotaryOncePerRun(inputs, this, [&] {
    return RotaryTable::At(RotaryTable::Grid(sizes), {config_.block.attention.dim_head - 2 * side, side, side},
                           inputs.sample.device());
  });
}

void WanTransformer3DModel::EmbedTime(const NetworkInputs& inputs, TransformerState* state) const {
  const Timesteps sinusoids = {.dim = config_.freq_dim, .flip_sin_to_cos = true, .freq_shift = 0};
  state->time = time_embedder_.Forward(sinusoids.Forward(TimestepRows(inputs)).to(info_.dtype));
  state->modulation = time_proj_.Forward(at::silu(state->time));
  Observe(inputs, "condition_embedder.time_proj", state->modulation);
}

void WanTransformer3DModel::Enter(const NetworkInputs& inputs, TransformerState* state) const {
  state->tokens = patches_.Forward(inputs.sample.to(info_.dtype));
  Observe(inputs, "patch_embedding", state->tokens);
  state->context = Project(Text(inputs, config_.text_dim), &text_embedder_,
                           [this](const at::Tensor& text) { return text_embedder_.Forward(text); });
  if (inputs.observe) Observe(inputs, "condition_embedder.text_embedder", RowsOf(state->context));
  if (!state->tokens.is_meta()) {
    state->rotary = Rotary(inputs);
    ObserveRotary(inputs, "rope", state->rotary);
  }
}

void WanTransformer3DModel::RunBlock(int block, TransformerState* state) const {
  blocks_[static_cast<size_t>(block)].Run(state);
}

at::Tensor WanTransformer3DModel::Head(const NetworkInputs& inputs, const TransformerState& state) const {
  const auto parts = head_table_.Forward(state.time);  // shift, scale
  std::vector<int64_t> shape = inputs.sample.sizes().vec();
  shape[1] = config_.out_channels;
  return FromPatches(
      proj_out_.Forward(NormAndModulate("norm_out", state.tokens, config_.block.attention.eps, parts[0], parts[1])),
      shape, config_.patch_size, true);
}

}  // namespace skipbench
