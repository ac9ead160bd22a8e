#include "harness/models/dit_transformer_2d.h"

#include <ATen/ATen.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "harness/base/error.h"
#include "harness/models/config.h"
#include "harness/nn/layers/macs.h"

namespace skipbench {

namespace {

constexpr const char* kClassLabels = "class_labels";
constexpr Timesteps kTimeProjection = {.dim = 256, .flip_sin_to_cos = true, .freq_shift = 1};

at::Tensor Norm(const std::string& name, const at::Tensor& x, double eps) {
  if (!x.is_meta()) return at::layer_norm(x, {x.size(-1)}, {}, {}, eps);
  CountNorm(name, x);
  return x;
}

// x (1 + scale) + shift, of every token; shift and scale [B, dim].
at::Tensor Modulate(const at::Tensor& x, const at::Tensor& shift, const at::Tensor& scale) {
  return x * (1 + scale.unsqueeze(1)) + shift.unsqueeze(1);
}

// Sine and cosine of places along one axis, [places, dim]; diffusers computes them in float64.
at::Tensor AxisTable(int64_t places, int64_t base, int64_t dim) {
  const auto wide = at::TensorOptions(at::kDouble);
  const at::Tensor position = at::arange(places, wide) / (static_cast<double>(places) / static_cast<double>(base));
  const at::Tensor frequency = at::pow(10000.0, -at::arange(dim / 2, wide) / (static_cast<double>(dim) / 2));
  const at::Tensor angle = position.unsqueeze(1) * frequency.unsqueeze(0);
  return at::cat({angle.sin(), angle.cos()}, 1);
}

// The position of every patch of a map of height x width patches, [height * width, dim]: columns first, then rows. On a
// map of another size than the network's own, `base` patches a side, they are spread over the same range.
at::Tensor PositionTable(int64_t height, int64_t width, int64_t base, int64_t dim) {
  const at::Tensor columns = AxisTable(width, base, dim / 2).unsqueeze(0).expand({height, -1, -1});
  const at::Tensor rows = AxisTable(height, base, dim / 2).unsqueeze(1).expand({-1, width, -1});
  return at::cat({columns, rows}, -1).flatten(0, 1).to(at::kFloat);
}

}  // namespace

DiTBlock::DiTBlock(const Weights& w, const Options& options)
    : name_(ModuleName(w)),
      norm_eps_(options.norm_eps),
      timestep_embedder_(w.Sub("norm1.emb.timestep_embedder"), kTimeProjection.dim, options.width()),
      class_embedder_(w.Sub("norm1.emb.class_embedder.embedding_table"), options.classes + 1, options.width()),
      modulation_(w.Sub("norm1.linear"), options.width(), 6 * options.width()),
      attn1_(w.Sub("attn1"), {.query_dim = options.width(),
                              .heads = options.heads,
                              .dim_head = options.dim_head,
                              .bias = options.attention_bias,
                              .upcast = options.upcast_attention}),
      ff_in_(w.Sub("ff.net.0.proj"), options.width(), 4 * options.width()),
      ff_out_(w.Sub("ff.net.2"), 4 * options.width(), options.width()) {}

at::Tensor DiTBlock::Embed(const at::Tensor& timesteps, const at::Tensor& classes) const {
  const at::Tensor labels = class_embedder_.Forward(classes);
  return timestep_embedder_.Forward(kTimeProjection.Forward(timesteps).to(labels.scalar_type())) + labels;
}

at::Tensor DiTBlock::Forward(const at::Tensor& x, const at::Tensor& timesteps, const at::Tensor& classes) const {
  const auto parts = modulation_.Forward(at::silu(Embed(timesteps, classes))).chunk(6, 1);  // shift, scale, gate; twice
  const auto gated_sum = [](const at::Tensor& h, const at::Tensor& gate, const at::Tensor& to) {
    return to + gate.unsqueeze(1) * h;
  };
  const at::Tensor attended = attn1_.ForwardAdd(Modulate(Norm(name_ + ".norm1.norm", x, 1e-6), parts[0], parts[1]), {});
  const at::Tensor h = gated_sum(attended, parts[2], x);
  const at::Tensor inner = ff_in_.Forward(Modulate(Norm(name_ + ".norm3", h, norm_eps_), parts[3], parts[4]));
  return gated_sum(ff_out_.Forward(at::gelu(inner, "tanh")), parts[5], h);
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
      patches_(w.Sub("pos_embed.proj"), {config.in_channels, width(), config.patch_size, config.patch_size, 0}),
      proj_out_1_(w.Sub("proj_out_1"), width(), 2 * width()),
      proj_out_2_(w.Sub("proj_out_2"), width(), config.patch_size * config.patch_size * config.out_channels) {
  for (int64_t i = 0; i < config.num_layers; ++i) blocks_.emplace_back(w.Sub("transformer_blocks", i), config.block);
  info_ = {.in_channels = config.in_channels,
           .out_channels = config.out_channels,
           .sample_size = config.sample_size,
           .dtype = w.options().dtype,
           .cuts = {}};
  for (int front = 0; front < config.num_layers; ++front) info_.cuts.push_back({.front = front});
}

std::map<std::string, ConditioningInput> DiTTransformer2DModel::conditioning(at::IntArrayRef) const {
  return {{kClassLabels, {.row = {}, .classes = config_.block.classes + 1}}};
}

DiTTransformer2DModel::Conditions DiTTransformer2DModel::Check(const NetworkInputs& inputs) const {
  CheckSample(inputs);
  const int64_t height = inputs.sample.size(2), width = inputs.sample.size(3);
  if (height % config_.patch_size || width % config_.patch_size)
    Fail("a sample of {}x{}: this network takes multiples of {}", height, width, config_.patch_size);
  return {TimestepRows(inputs), Require(inputs, kClassLabels, {})};
}

at::Tensor DiTTransformer2DModel::Embed(const NetworkInputs& inputs) const {
  const at::Tensor map = patches_.Forward(inputs.sample.to(info_.dtype).contiguous(at::MemoryFormat::ChannelsLast));
  const at::Tensor tokens = ToTokens(map);
  if (tokens.is_meta()) return tokens;
  const auto table = [&] {
    return PositionTable(map.size(2), map.size(3), config_.sample_size / config_.patch_size, width())
        .to(tokens.options());
  };
  // Made on the host: once for a run, whose samples have one size.
  return tokens + (inputs.cache ? inputs.cache->Constant(this, table) : table());
}

at::Tensor DiTTransformer2DModel::Run(const NetworkInputs& inputs, const Conditions& conditions, size_t block,
                                      const at::Tensor& x) const {
  const at::Tensor y = blocks_[block].Forward(x, conditions.timesteps, conditions.classes);
  Observe(inputs, fmt::format("transformer_blocks.{}", block), y);
  return y;
}

// The first block's embedding shifts and scales the last norm; then every token becomes its patch.
at::Tensor DiTTransformer2DModel::Head(const NetworkInputs& inputs, const Conditions& conditions,
                                       const at::Tensor& x) const {
  const auto parts =
      proj_out_1_.Forward(at::silu(blocks_[0].Embed(conditions.timesteps, conditions.classes))).chunk(2, 1);
  const at::Tensor out = proj_out_2_.Forward(Modulate(Norm("norm_out", x, 1e-6), parts[0], parts[1]));
  const int64_t p = config_.patch_size, height = inputs.sample.size(2), width = inputs.sample.size(3);
  return out.reshape({x.size(0), height / p, width / p, p, p, config_.out_channels})
      .permute({0, 5, 1, 3, 2, 4})
      .reshape({x.size(0), config_.out_channels, height, width});
}

NetworkOutput DiTTransformer2DModel::Forward(const NetworkInputs& inputs, const std::vector<int>& keep_cuts) const {
  for (int cut : keep_cuts) CheckCut(cut);
  const Conditions conditions = Check(inputs);
  at::Tensor x = Embed(inputs);
  Observe(inputs, "pos_embed", x);
  std::map<int, at::Tensor> entering;
  for (size_t block = 0; block < blocks_.size(); ++block) {
    const int cut = static_cast<int>(block);
    if (std::find(keep_cuts.begin(), keep_cuts.end(), cut) != keep_cuts.end()) entering[cut] = x;
    x = Run(inputs, conditions, block, x);
  }
  NetworkOutput output;
  for (const auto& [cut, before] : entering) output.features[cut] = x - before;
  output.sample = Head(inputs, conditions, x);
  return output;
}

at::Tensor DiTTransformer2DModel::ForwardShallow(const NetworkInputs& inputs, int cut,
                                                 const at::Tensor& features) const {
  CheckCut(cut);
  const Conditions conditions = Check(inputs);
  at::Tensor x = Embed(inputs);
  if (features.sizes() != x.sizes())
    Fail("shallow forward: features [{}] for tokens [{}]", fmt::join(features.sizes(), ", "),
         fmt::join(x.sizes(), ", "));
  for (int block = 0; block < info_.cuts[static_cast<size_t>(cut)].front; ++block)
    x = Run(inputs, conditions, static_cast<size_t>(block), x);
  return Head(inputs, conditions, x + features.to(info_.dtype));
}

}  // namespace skipbench
