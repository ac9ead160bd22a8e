#include "harness/models/unet.h"

#include <ATen/ATen.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "harness/base/error.h"

namespace skipbench {

void UNet::FinishConstruction(const Weights& w, int64_t in_channels, int64_t sample_size) {
  time_->Finish();
  int cuts = 1;
  for (const DownBlock& block : down_blocks_)
    cuts += static_cast<int>(block.layers.size()) + (block.downsampler ? 1 : 0);
  info_ = {.in_channels = in_channels,
           .out_channels = conv_out_->options().out_channels,
           .sample_size = sample_size,
           .video = transformer_in_.has_value(),
           .dtype = w.options().dtype,
           .cuts = {}};
  for (int cut = 0; cut < cuts; ++cut) info_.cuts.push_back({.front = cut + 1, .back = cut + 1});
}

void UNet::BuildDown(const Weights& w, const Levels& levels, const std::function<BlockOptions(size_t level)>& options) {
  int64_t channels = levels.channels[0];
  for (size_t level = 0; level < levels.channels.size(); ++level) {
    const Weights scope = w.Sub("down_blocks", static_cast<int64_t>(level));
    const int64_t out = levels.channels[level];
    const BlockOptions common = options(level);
    DownBlock block;
    for (int64_t i = 0; i < levels.layers[level]; ++i) {
      block.layers.emplace_back(scope, i, channels, out, common, &*time_);
      channels = out;
    }
    if (level + 1 < levels.channels.size())
      block.downsampler.emplace(scope.Sub("downsamplers.0"), out, levels.downsample_padding);
    down_blocks_.push_back(std::move(block));
  }
}

void UNet::BuildUp(const Weights& w, const Levels& levels,
                   const std::function<BlockOptions(size_t block, size_t level)>& options) {
  int64_t channels = levels.channels.back();
  for (size_t i = 0; i < levels.channels.size(); ++i) {
    const size_t level = levels.channels.size() - 1 - i;
    const Weights scope = w.Sub("up_blocks", static_cast<int64_t>(i));
    const int64_t out = levels.channels[level], layers = levels.layers[level] + 1;
    const BlockOptions common = options(i, level);
    UpBlock block;
    for (int64_t j = 0; j < layers; ++j) {
      // The skip tensors come from this level's layers, the last one from where the level began.
      const int64_t skip = j + 1 < layers ? out : levels.channels[level == 0 ? 0 : level - 1];
      block.layers.emplace_back(scope, j, channels + skip, out, common, &*time_);
      channels = out;
    }
    if (level > 0) block.upsampler.emplace(scope.Sub("upsamplers.0"), out);
    up_blocks_.push_back(std::move(block));
  }
}

std::map<std::string, ConditioningInput> UNet::conditioning(at::IntArrayRef) const {
  if (cross_attention_dim_ == 0) return {};
  return {{"encoder_hidden_states", {.row = {-1, cross_attention_dim_}}}};
}

at::Tensor UNet::Prepare(const NetworkInputs& inputs) const {
  CheckSample(inputs);
  const at::Tensor& sample = inputs.sample;
  CheckSize(sample.size(-2), sample.size(-1));
  if (info_.video) return ConvInInput(inputs, FoldFrames(sample.to(dtype())));
  at::Tensor x = sample.to(dtype()).contiguous(at::MemoryFormat::ChannelsLast);
  return ConvInInput(inputs, center_input_sample_ ? 2 * x - 1.0 : x);
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
  const at::Tensor& tokens = inputs.cache ? inputs.cache->tokens() : inputs.Get("encoder_hidden_states");
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
                        std::vector<at::Tensor> skips, const std::vector<int>& keep_cuts,
                        std::map<int, at::Tensor>* features) const {
  int next = static_cast<int>(info_.cuts.size()) - 1;  // the skip tensor that the layer at hand consumes
  for (size_t i = 0; i < up_blocks_.size(); ++i) {
    const UpBlock& block = up_blocks_[i];
    bool entered = false;
    for (const UNetLayer& layer : block.layers) {
      const int cut = next--;
      if (cut >= static_cast<int>(skips.size())) continue;  // a shallow forward begins further on
      entered = true;
      if (std::find(keep_cuts.begin(), keep_cuts.end(), cut) != keep_cuts.end())
        (*features)[cut] = UnfoldFeatures(x, context);
      x = layer.Forward(std::vector<at::Tensor>{x, skips.back()}, context);
      skips.pop_back();
    }
    if (!entered) continue;
    // To the size of the next skip tensor, which is not twice this one's where the levels do not divide the size.
    if (block.upsampler) x = block.upsampler->ForwardTo(x, skips.back().size(2), skips.back().size(3));
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

NetworkOutput UNet::Forward(const NetworkInputs& given, const std::vector<int>& keep_cuts) const {
  for (int cut : keep_cuts) CheckCut(cut);
  const NetworkInputs inputs = Complete(given);
  const at::Tensor sample = Prepare(inputs);
  const BlockContext context = MakeContext(inputs);
  std::vector<at::Tensor> skips = Encode(inputs, sample, context, static_cast<int>(info_.cuts.size()) - 1);
  at::Tensor x = skips.back();
  if (mid_block_) {
    x = mid_block_->Forward(x, context);
    Observe(inputs, "mid_block", x);
  }
  NetworkOutput output;
  output.sample = Decode(inputs, context, std::move(x), std::move(skips), keep_cuts, &output.features);
  return output;
}

at::Tensor UNet::ForwardShallow(const NetworkInputs& given, int cut, const at::Tensor& features) const {
  CheckCut(cut);
  const NetworkInputs inputs = Complete(given);
  const at::Tensor sample = Prepare(inputs);
  const at::Tensor folded = info_.video && features.dim() == 5 ? features.flatten(0, 1) : features;
  if (folded.dim() != 4 || folded.size(0) != sample.size(0))
    Fail("shallow forward: features [{}] for samples [{}]", fmt::join(features.sizes(), ", "),
         fmt::join(inputs.sample.sizes(), ", "));
  const BlockContext context = MakeContext(inputs);
  std::vector<at::Tensor> skips = Encode(inputs, sample, context, cut);
  return Decode(inputs, context, folded.to(dtype()).contiguous(at::MemoryFormat::ChannelsLast), std::move(skips), {},
                nullptr);
}

}  // namespace skipbench
