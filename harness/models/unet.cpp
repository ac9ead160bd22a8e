#include "harness/models/unet.h"

#include <ATen/ATen.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "harness/base/error.h"
#include "harness/models/config.h"

namespace skipbench {

void ParseUNetBlocks(const JsonReader& json, const std::string& attention, const std::string& dim, size_t plain,
                     UNetConfig* config) {
  UNetConfig& c = *config;
  c.sample_size = SampleSize(json);
  c.in_channels = json.IntOr("in_channels", c.in_channels, 1, kMaxChannels);
  c.out_channels = json.IntOr("out_channels", c.out_channels, 1, kMaxChannels);
  c.block_out_channels = IntList(json, "block_out_channels", c.block_out_channels, 1, kMaxChannels);
  const auto attentions = [&](const std::string& key, const std::string& block, size_t plain_block) {
    std::vector<std::string> fallback(4, attention + block);
    fallback[plain_block] = block;
    return BlockTypes(json, key, fallback, block, attention + block, c.block_out_channels.size());
  };
  c.down_attention = attentions("down_block_types", "DownBlock" + dim, plain);
  c.up_attention = attentions("up_block_types", "UpBlock" + dim, 3 - plain);
  const Json* groups = json.Find("norm_num_groups");
  if (groups && groups->is_null()) FailUnsupportedValue(json, "norm_num_groups", "a number");
  c.norm_num_groups = json.IntOr("norm_num_groups", c.norm_num_groups, 1, kMaxChannels);
  CheckGroups(json, c.block_out_channels, c.norm_num_groups);
}

void ParseUNet2D(const JsonReader& json, const std::vector<std::string>& class_embed_types, UNetConfig* config) {
  Only(json, "act_fn", {"silu", "swish"});
  Only(json, "time_embedding_type", {"positional"});
  Only(json, "resnet_time_scale_shift", {"default", "scale_shift"});
  UNetConfig& c = *config;
  c.center_input_sample = json.BoolOr("center_input_sample", false);
  c.flip_sin_to_cos = json.BoolOr("flip_sin_to_cos", true);
  c.freq_shift = json.DoubleOr("freq_shift", 0);
  c.time_embedding_dim = json.IntOr("time_embedding_dim", 0, 1, kMaxChannels);
  c.time_scale_shift = json.StringOr("resnet_time_scale_shift", "default") == "scale_shift";
  c.downsample_padding = json.IntOr("downsample_padding", 1, 0, 1);
  c.mid_block_scale_factor = json.DoubleOr("mid_block_scale_factor", 1, 1e-6, 1e6);
  c.norm_eps = json.DoubleOr("norm_eps", 1e-5, 0, 1);
  c.num_class_embeds = json.IntOr("num_class_embeds", 0, 1, int64_t{1} << 24);
  if (!json.Has("class_embed_type")) {
    c.class_embedding = c.num_class_embeds > 0 ? ClassEmbedding::kTable : ClassEmbedding::kNone;
    return;
  }
  const std::string type = json.OneOf("class_embed_type", "", class_embed_types);
  c.class_embedding = type == "timestep"     ? ClassEmbedding::kTimestep
                      : type == "identity"   ? ClassEmbedding::kIdentity
                      : type == "projection" ? ClassEmbedding::kProjection
                                             : ClassEmbedding::kSimpleProjection;
  if (type.ends_with("projection") && c.projection_class_embeddings_input_dim == 0)
    json.FailAt("projection_class_embeddings_input_dim", fmt::format("class_embed_type \"{}\" needs it", type));
}

namespace {
constexpr const char *kTokens = "encoder_hidden_states", *kClassLabels = "class_labels";
}  // namespace

void UNet::BuildTime(const Weights& w) {
  const UNetConfig& c = common_;
  const int64_t first = c.block_out_channels[0], dim = c.time_width();
  time_proj_ = {first, c.flip_sin_to_cos, c.freq_shift};
  time_embedding_.emplace(w.Sub("time_embedding"), first, dim);
  const Weights label = w.Sub("class_embedding");
  const ClassEmbedding kind = c.class_embedding;
  const int64_t width = kind == ClassEmbedding::kTimestep ? first : c.projection_class_embeddings_input_dim;
  if (kind == ClassEmbedding::kTable) class_table_.emplace(label, c.num_class_embeds, dim);
  if (kind == ClassEmbedding::kTimestep || kind == ClassEmbedding::kProjection)
    class_embedding_.emplace(label, width, dim);
  if (kind == ClassEmbedding::kSimpleProjection) class_linear_.emplace(label, width, dim);
  time_.emplace(c.class_embeddings_concat && kind != ClassEmbedding::kNone ? 2 * dim : dim);
}

void UNet::BuildDown(const Weights& w, const std::function<BlockOptions(size_t level)>& options) {
  const UNetConfig& c = common_;
  down_blocks_ = MakeDownBlocks(w, c.block_out_channels, c.layers_per_block, c.downsample_padding, options, &*time_);
}

void UNet::BuildUp(const Weights& w, const std::function<BlockOptions(size_t block, size_t level)>& options) {
  up_blocks_ = MakeUpBlocks(w, common_.block_out_channels, common_.layers_per_block, true, options, &*time_);
}

ResnetOptions UNet::Resnets() const {
  return {.groups = common_.norm_num_groups, .eps = common_.norm_eps, .scale_shift = common_.time_scale_shift};
}

void UNet::FinishConstruction(const Weights& w, int64_t conv_out_kernel) {
  const int64_t first = common_.block_out_channels[0];
  conv_norm_out_.emplace(w.Sub("conv_norm_out"), common_.norm_num_groups, first, common_.norm_eps);
  conv_out_.emplace(w.Sub("conv_out"),
                    Conv2dOptions{first, common_.out_channels, conv_out_kernel, 1, (conv_out_kernel - 1) / 2});
  time_->Finish();
  info_ = {.in_channels = common_.in_channels,
           .out_channels = common_.out_channels,
           .sample_size = common_.sample_size,
           .video = transformer_in_.has_value(),
           .dtype = w.options().dtype};
  int& cache_positions = info_.abilities.cache_positions = 1;
  for (const DownBlock& block : down_blocks_)
    cache_positions += static_cast<int>(block.layers.size()) + (block.downsampler ? 1 : 0);
}

std::map<std::string, ConditioningInput> UNet::conditioning(at::IntArrayRef) const {
  std::map<std::string, ConditioningInput> inputs;
  if (cross_attention_dim_ > 0) inputs[kTokens] = {.row = {-1, cross_attention_dim_}};
  const UNetConfig& c = common_;
  if (c.class_embedding == ClassEmbedding::kNone) return inputs;
  ConditioningInput& label = inputs[kClassLabels];
  if (c.class_embedding == ClassEmbedding::kTable) label.classes = c.num_class_embeds;
  if (c.class_embedding == ClassEmbedding::kIdentity) label.row = {c.time_width()};
  if (c.class_embedding == ClassEmbedding::kProjection || c.class_embedding == ClassEmbedding::kSimpleProjection)
    label.row = {c.projection_class_embeddings_input_dim};
  return inputs;
}

at::Tensor UNet::EmbedTime(const NetworkInputs& inputs) const {
  const at::Tensor t = time_proj_.Forward(TimestepRows(inputs)).to(dtype());
  Observe(inputs, "time_proj", t);
  const at::Tensor emb = time_embedding_->Forward(t);
  Observe(inputs, "time_embedding", emb);
  if (common_.class_embedding == ClassEmbedding::kNone) return emb;
  const at::Tensor label = EmbedClass(inputs);
  return common_.class_embeddings_concat ? at::cat({emb.expand_as(label), label}, -1) : emb + label;
}

at::Tensor UNet::EmbedClass(const NetworkInputs& inputs) const {
  const at::Tensor& labels = Require(inputs, kClassLabels, UNet::conditioning({}).at(kClassLabels).row);
  if (class_table_) return class_table_->Forward(labels);
  const bool numbers = common_.class_embedding == ClassEmbedding::kTimestep;
  const at::Tensor x = (numbers ? time_proj_.Forward(labels) : labels).to(dtype());
  if (class_embedding_) return class_embedding_->Forward(x);
  return class_linear_ ? class_linear_->Forward(x) : x;
}

at::Tensor UNet::Prepare(const NetworkInputs& inputs) const {
  CheckSample(inputs);
  const at::Tensor& sample = inputs.sample;
  CheckSize(sample.size(-2), sample.size(-1));
  if (info_.video) return ConvInInput(inputs, FoldFrames(sample.to(dtype())));
  at::Tensor x = sample.to(dtype()).contiguous(at::MemoryFormat::ChannelsLast);
  return ConvInInput(inputs, common_.center_input_sample ? 2 * x - 1.0 : x);
}

BlockContext UNet::MakeContext(const NetworkInputs& inputs) const {
  BlockContext context;
  context.time = &*time_;
  context.frames = FramesOf(inputs);
  // A row for each frame where the rows differ, and on the meta device: the reference networks project one for each.
  const auto for_frames = [&](const at::Tensor& t) {
    if (context.frames == 1 || (t.size(0) == 1 && !t.is_meta())) return t;
    std::vector<int64_t> shape = t.sizes().vec();
    shape.insert(shape.begin() + 1, context.frames);
    return t.unsqueeze(1).expand(shape).flatten(0, 1);
  };
  const auto project = [&] { return for_frames(time_->Forward(EmbedTime(inputs))); };
  const bool shared = TimeIsShared() && !inputs.timesteps.defined();
  context.projected = inputs.cache && shared ? inputs.cache->TimeProjection(this, inputs.timestep, project) : project();
  if (cross_attention_dim_ == 0) return context;
  const at::Tensor& tokens = inputs.cache ? inputs.cache->tokens() : inputs.Get(kTokens);
  const int64_t rows = inputs.sample.size(0);
  if (!tokens.defined() || tokens.dim() != 3 || tokens.size(2) != cross_attention_dim_)
    Fail("the network takes conditioning tokens [B, L, {}], got {}", cross_attention_dim_,
         tokens.defined() ? fmt::format("[{}]", fmt::join(tokens.sizes(), ", ")) : "none");
  const int64_t given = inputs.rows.defined() ? inputs.rows.numel() : tokens.size(0);
  if (given != rows) Fail("{} samples with conditioning for {}", rows, given);
  context.cross = {tokens.is_meta() ? for_frames(tokens) : tokens.to(dtype()), inputs.rows, inputs.cache};
  return context;
}

std::vector<at::Tensor> UNet::Encode(const NetworkInputs& inputs, const at::Tensor& sample, const BlockContext& context,
                                     int last) const {
  std::vector<at::Tensor> skips = {conv_in_->Forward(sample)};
  Observe(inputs, "conv_in", skips.back());
  if (transformer_in_) {
    skips.back() = transformer_in_->Forward(skips.back(), context.frames);
    Observe(inputs, "transformer_in", skips.back());
  }
  const auto done = [&] { return static_cast<int>(skips.size()) > last; };
  for (size_t i = 0; i < down_blocks_.size(); ++i) {
    const DownBlock& block = down_blocks_[i];
    for (const UNetLayer& layer : block.layers) {
      if (done()) return skips;
      skips.push_back(layer.Forward(skips.back(), context));
    }
    if (block.downsampler) {
      if (done()) return skips;
      skips.push_back(block.downsampler->Forward(skips.back()));
    }
    Observe(inputs, fmt::format("down_blocks.{}", i), skips.back());
  }
  return skips;
}

at::Tensor UNet::Decode(const NetworkInputs& inputs, const BlockContext& context, at::Tensor x,
                        std::vector<at::Tensor> skips, const std::vector<CacheSite>& keep,
                        std::map<CacheSite, at::Tensor>* kept) const {
  int next = info_.abilities.cache_positions - 1;  // the skip tensor that the layer at hand consumes
  for (size_t i = 0; i < up_blocks_.size(); ++i) {
    const UpBlock& block = up_blocks_[i];
    bool entered = false;
    for (const UNetLayer& layer : block.layers) {
      const int cut = next--;
      if (cut >= static_cast<int>(skips.size())) continue;  // a shallow forward begins further on
      entered = true;
      const CacheSite site = {.level = CacheSite::Level::kCut, .front = cut};
      if (std::find(keep.begin(), keep.end(), site) != keep.end()) (*kept)[site] = UnfoldFeatures(x, context);
      x = layer.Forward(std::vector<at::Tensor>{x, skips.back()}, context);
      skips.pop_back();
    }
    if (!entered) continue;
    // To the size of the next skip tensor, which is not twice this one's where the levels do not divide the size.
    if (block.upsampler)
      x = block.upsampler->Forward(ConvInput::Upsampled(x, skips.back().size(2), skips.back().size(3)));
    Observe(inputs, fmt::format("up_blocks.{}", i), x);
  }
  if (inputs.observe) inputs.observe("conv_norm_out", conv_norm_out_->Forward(x));
  x = conv_out_->Forward(conv_norm_out_->ForwardSilu({x}));
  Observe(inputs, "conv_out", x);
  return info_.video ? UnfoldFrames(x, context.frames).contiguous() : x;
}

at::Tensor UNet::UnfoldFeatures(const at::Tensor& features, const BlockContext& context) const {
  return info_.video ? features.unflatten(0, {features.size(0) / context.frames, context.frames}) : features;
}

NetworkOutput UNet::Forward(const NetworkInputs& given, const NetworkWork& work) const {
  CheckWork(given, work);
  if (work.from) Fail("a forward from a probe: U-Nets show nothing before they predict");
  const NetworkInputs inputs = Complete(given);
  const at::Tensor sample = Prepare(inputs);
  const BlockContext context = MakeContext(inputs);
  NetworkOutput output;
  if (work.site) {
    const at::Tensor &cached = work.cached, folded = info_.video && cached.dim() == 5 ? cached.flatten(0, 1) : cached;
    if (folded.dim() != 4 || folded.size(0) != sample.size(0))
      Fail("partial forward: features [{}] for samples [{}]", fmt::join(cached.sizes(), ", "),
           fmt::join(inputs.sample.sizes(), ", "));
    std::vector<at::Tensor> skips = Encode(inputs, sample, context, work.site->front);
    output.sample = Decode(inputs, context, folded.to(dtype()).contiguous(at::MemoryFormat::ChannelsLast),
                           std::move(skips), {}, nullptr);
    return output;
  }
  std::vector<at::Tensor> skips = Encode(inputs, sample, context, info_.abilities.cache_positions - 1);
  at::Tensor x = skips.back();
  if (mid_block_) {
    x = mid_block_->Forward(x, context);
    Observe(inputs, "mid_block", x);
  }
  output.sample = Decode(inputs, context, std::move(x), std::move(skips), work.keep, &output.kept);
  return output;
}

}  // namespace skipbench
