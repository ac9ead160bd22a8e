#include "harness/models/flux_transformer_2d.h"

#include <ATen/ATen.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <numeric>

#include "harness/models/config.h"
#include "harness/nn/layers/macs.h"
#include "harness/nn/layers/patches.h"

namespace skipbench {

namespace {

constexpr const char *kText = "encoder_hidden_states", *kPooled = "pooled_projections", *kGuidance = "guidance";
constexpr double kEps = 1e-6, kGuidanceScale = 1000;
constexpr int64_t kPatchValues = 4;
const PatchSize kPatch = {2, 2};

// In float16 sums may leave the range; diffusers keeps them at its end.
void ClampHalf(const at::Tensor& x) {
  if (x.scalar_type() == at::kHalf && !x.is_meta()) x.clamp_(-65504, 65504);
}

}  // namespace

FluxSingleBlock::FluxSingleBlock(const Weights& w, const StreamOptions& options)
    : name_(ModuleName(w)),
      dim_(options.width()),
      norm_(w.Sub("norm.linear"), dim_, dim_, 3),
      attn_(w.Sub("attn"), options, false),
      proj_mlp_(w.Sub("proj_mlp"), dim_, 4 * dim_),
      proj_out_(w.Sub("proj_out"), 5 * dim_, dim_) {}

at::Tensor FluxSingleBlock::Inner(const at::Tensor& n, const RotaryTable& rotary, ModuleOutputs* modules) const {
  const at::Tensor both = at::empty({n.size(0), n.size(1), 5 * dim_}, n.options());
  const at::Tensor attended = both.narrow(-1, 0, dim_), fed = both.narrow(-1, dim_, 4 * dim_);
  if (modules && modules->Replaces(kAttentionModule))
    attended.copy_(modules->Take(attended.sizes()));
  else
    attn_.ForwardInto(n, &rotary, attended);
  if (modules && modules->Replaces(kFeedForwardModule))
    fed.copy_(modules->Take(fed.sizes()));
  else
    proj_mlp_.Forward(n, {.gelu_tanh = true, .into = fed});
  if (modules) {
    modules->Keep(attended, kAttentionModule, kFeedForwardModule);
    modules->Keep(fed, kFeedForwardModule, kAttentionModule);
  }
  return both;
}

at::Tensor FluxSingleBlock::Forward(const at::Tensor& x, const at::Tensor& temb, const RotaryTable& rotary,
                                    ModuleOutputs* modules) const {
  const auto parts = norm_.Forward(temb);  // shift, scale, gate
  const at::Tensor out = RunModule(modules, kAttentionModule | kFeedForwardModule, x.sizes(), [&] {
    const at::Tensor n = NormAndModulate(name_ + ".norm.norm", x, kEps, parts[0], parts[1]);
    return proj_out_.Forward(Inner(n, rotary, modules));
  });
  return GatedAdd(x, parts[2], out);
}

FluxTransformer2DModel::Config FluxTransformer2DModel::ParseConfig(const JsonReader& json) {
  CheckClassName<FluxTransformer2DModel>(json);
  Only(json, "patch_size", {1});
  Config c;
  c.in_channels = json.IntOr("in_channels", c.in_channels, 1, kMaxChannels);
  c.out_channels = IntOrNull(json, "out_channels", std::nullopt, 1, kMaxChannels).value_or(c.in_channels);
  for (const auto& [key, channels] : {std::pair{"in_channels", c.in_channels}, {"out_channels", c.out_channels}})
    if (channels % kPatchValues != 0)
      json.FailAt(key, fmt::format("expected a multiple of {}, as latents are packed in patches of {}; found {}",
                                   kPatchValues, fmt::join(kPatch, "x"), channels));
  c.num_layers = json.IntOr("num_layers", c.num_layers, 0, kMaxLayers);
  c.num_single_layers = json.IntOr("num_single_layers", c.num_single_layers, 0, kMaxLayers);
  if (c.num_layers + c.num_single_layers == 0) json.FailAt("num_layers", "a network without any block");
  c.joint_attention_dim = json.IntOr("joint_attention_dim", c.joint_attention_dim, 1, kMaxChannels);
  c.pooled_projection_dim = json.IntOr("pooled_projection_dim", c.pooled_projection_dim, 1, kMaxChannels);
  c.guidance_embeds = json.BoolOr("guidance_embeds", c.guidance_embeds);
  c.attention.heads = json.IntOr("num_attention_heads", c.attention.heads, 1, kMaxChannels);
  c.attention.dim_head = json.IntOr("attention_head_dim", c.attention.dim_head, 1, kMaxChannels);
  c.axes_dims_rope = IntList(json, "axes_dims_rope", c.axes_dims_rope, 2, kMaxChannels);
  const bool even = std::all_of(c.axes_dims_rope.begin(), c.axes_dims_rope.end(), [](int64_t n) { return n % 2 == 0; });
  if (c.axes_dims_rope.size() != 3 || !even ||
      std::accumulate(c.axes_dims_rope.begin(), c.axes_dims_rope.end(), int64_t{0}) != c.attention.dim_head)
    json.FailAt("axes_dims_rope",
                fmt::format("expected 3 even numbers that add up to attention_head_dim, {}; found [{}]",
                            c.attention.dim_head, fmt::join(c.axes_dims_rope, ", ")));
  IgnoreTheRest(json, {});
  return c;
}

FluxTransformer2DModel::FluxTransformer2DModel(const Config& config, const Weights& w)
    : config_(config),
      x_embedder_(w.Sub("x_embedder"), config.in_channels, config.attention.width()),
      time_text_embed_(w.Sub("time_text_embed"), config.attention.width(), config.pooled_projection_dim,
                       config.guidance_embeds),
      context_embedder_(w.Sub("context_embedder"), config.joint_attention_dim, config.attention.width()),
      norm_out_(w.Sub("norm_out"), config.attention.width()),
      proj_out_(w.Sub("proj_out"), config.attention.width(), config.out_channels) {
  for (int64_t i = 0; i < config.num_layers; ++i)
    blocks_.emplace_back(w.Sub("transformer_blocks", i), JointBlock::Options{.attention = config.attention});
  for (int64_t i = 0; i < config.num_single_layers; ++i)
    single_blocks_.emplace_back(w.Sub("single_transformer_blocks", i), config.attention);
  info_ = {.in_channels = config.in_channels / kPatchValues,
           .out_channels = config.out_channels / kPatchValues,
           .patch = kPatch,
           .dtype = w.options().dtype};
  std::set<ProbeSite::Signal> signals;
  if (config.num_layers > 0) signals.insert(ProbeSite::Signal::kModulatedInput);  // a single block has both streams'
  SetAbilities(config.num_layers + config.num_single_layers, kAttentionModule | kFeedForwardModule, signals);
}

std::string FluxTransformer2DModel::BlockName(int block) const {
  const int doubles = static_cast<int>(blocks_.size());
  return block < doubles ? Transformer::BlockName(block) : fmt::format("single_transformer_blocks.{}", block - doubles);
}

std::map<std::string, ConditioningInput> FluxTransformer2DModel::conditioning(at::IntArrayRef) const {
  std::map<std::string, ConditioningInput> takes = {{kText, {.row = {-1, config_.joint_attention_dim}}},
                                                    {kPooled, {.row = {config_.pooled_projection_dim}}}};
  if (config_.guidance_embeds) takes[kGuidance] = {.row = {}};
  return takes;
}

// The text stands at (0, 0, 0), a patch at (0, its row, its column).
RotaryTable FluxTransformer2DModel::Rotary(const NetworkInputs& inputs, int64_t words) const {
  const at::Tensor& sample = inputs.sample;
  return RotaryOncePerRun(inputs, this, [&] {
    const at::Tensor text = at::zeros({words, 3}, at::TensorOptions(at::kDouble));
    return RotaryTable::At(at::cat({text, RotaryTable::Grid({1, sample.size(2) / 2, sample.size(3) / 2})}),
                           config_.axes_dims_rope, sample.device());
  });
}

void FluxTransformer2DModel::EmbedTime(const NetworkInputs& inputs, TransformerState* state) const {
  at::Tensor guidance;
  if (config_.guidance_embeds) {
    guidance = Require(inputs, kGuidance, {}).to(at::kFloat) * kGuidanceScale;
  }
  const at::Tensor& pooled = Require(inputs, kPooled, {config_.pooled_projection_dim});
  state->modulation = time_text_embed_.Forward(TimestepRows(inputs), guidance, pooled.to(info_.dtype));
  Observe(inputs, "time_text_embed", state->modulation);
}

void FluxTransformer2DModel::Enter(const NetworkInputs& inputs, TransformerState* state) const {
  CheckPatches(inputs.sample.sizes(), kPatch);
  state->tokens = x_embedder_.Forward(ToPatches(inputs.sample.to(info_.dtype), kPatch));
  Observe(inputs, "x_embedder", state->tokens);
  state->text = RowsOf(Project(Text(inputs, config_.joint_attention_dim), &context_embedder_,
                               [this](const at::Tensor& text) { return context_embedder_.Forward(text); }));
  Observe(inputs, "context_embedder", state->text);
  if (!state->tokens.is_meta()) {
    state->rotary = Rotary(inputs, state->text.size(1));
    ObserveRotary(inputs, "pos_embed", state->rotary);
  }
}

void FluxTransformer2DModel::RunBlock(int block, TransformerState* state) const {
  const size_t index = static_cast<size_t>(block);
  if (index < blocks_.size()) {
    const ModulatedInput start = std::exchange(state->start, {});
    blocks_[index].Run(state->modulation, &state->rotary, start, state->modules, &state->tokens, &state->text);
    return ClampHalf(state->text);
  }
  if (!state->joined.defined()) state->joined = at::cat({state->text, state->tokens}, 1);
  state->joined =
      single_blocks_[index - blocks_.size()].Forward(state->joined, state->modulation, state->rotary, state->modules);
  ClampHalf(state->joined);
  const int64_t words = state->text.size(1), patches = state->tokens.size(1);
  state->text = state->joined.narrow(1, 0, words);
  state->tokens = state->joined.narrow(1, words, patches);
}

at::Tensor FluxTransformer2DModel::Head(const NetworkInputs& inputs, const TransformerState& state) const {
  const at::Tensor& sample = inputs.sample;
  return FromPatches(proj_out_.Forward(norm_out_.Forward(state.tokens, state.modulation)),
                     {sample.size(0), info_.out_channels, sample.size(2), sample.size(3)}, kPatch, false);
}

}  // namespace skipbench
