#include "harness/models/unet_blocks.h"

#include <ATen/ATen.h>

namespace skipbench {

namespace {
ResnetOptions WithChannels(ResnetOptions options, int64_t in_channels, int64_t out_channels) {
  options.in_channels = in_channels;
  options.out_channels = out_channels;
  return options;
}
}  // namespace

UNetLayer::UNetLayer(const Weights& w, int64_t index, int64_t in_channels, int64_t out_channels,
                     const BlockOptions& options, TimeProjections* time)
    : resnet_(w.Sub("resnets", index), WithChannels(options.resnet, in_channels, out_channels), time) {
  const int64_t groups = options.resnet.groups, head_dim = options.video_head_dim;
  if (head_dim > 0) temp_conv_.emplace(w.Sub("temp_convs", index), out_channels, groups);
  if (options.attention == BlockAttention::kSelf) {
    attention_.emplace(w.Sub("attentions", index), out_channels, options.dim_head, options.attention_groups,
                       options.resnet.eps, options.resnet.output_scale);
  } else if (options.attention == BlockAttention::kCross) {
    TransformerOptions transformer = options.transformer;
    transformer.layers = options.transformer_layers.at(index);
    if (head_dim > 0) transformer.heads = out_channels / head_dim;
    transformer.dim_head = head_dim > 0 ? head_dim : out_channels / transformer.heads;
    transformer_.emplace(w.Sub("attentions", index), out_channels, transformer);
    if (head_dim > 0)
      temp_attention_.emplace(w.Sub("temp_attentions", index), out_channels, transformer.heads, head_dim, groups);
  }
}

at::Tensor UNetLayer::Forward(const std::vector<at::Tensor>& parts, const BlockContext& context) const {
  at::Tensor h = resnet_.Forward(parts, context.time, context.projected);
  if (temp_conv_) h = temp_conv_->Forward(h, context.frames);
  if (attention_) return attention_->Forward(h);
  if (transformer_) h = transformer_->Forward(h, context.cross);
  return temp_attention_ ? temp_attention_->Forward(h, context.frames) : h;
}

std::vector<DownBlock> MakeDownBlocks(const Weights& w, const std::vector<int64_t>& channels,
                                      const std::vector<int64_t>& layers, int64_t downsample_padding,
                                      const std::function<BlockOptions(size_t level)>& options, TimeProjections* time) {
  std::vector<DownBlock> blocks(channels.size());
  int64_t in = channels[0];
  for (size_t level = 0; level < channels.size(); ++level) {
    const Weights scope = w.Sub("down_blocks", static_cast<int64_t>(level));
    const BlockOptions common = options(level);
    for (int64_t i = 0; i < layers[level]; ++i) {
      blocks[level].layers.emplace_back(scope, i, in, channels[level], common, time);
      in = channels[level];
    }
    if (level + 1 < channels.size())
      blocks[level].downsampler.emplace(
          scope.Sub("downsamplers.0.conv"),
          Conv2dOptions{
              .in_channels = in, .out_channels = in, .stride = 2, .padding = downsample_padding, .end_padding = 1});
  }
  return blocks;
}

std::vector<UpBlock> MakeUpBlocks(const Weights& w, const std::vector<int64_t>& channels,
                                  const std::vector<int64_t>& layers, bool skips,
                                  const std::function<BlockOptions(size_t block, size_t level)>& options,
                                  TimeProjections* time) {
  std::vector<UpBlock> blocks(channels.size());
  int64_t in = channels.back();
  for (size_t i = 0; i < channels.size(); ++i) {
    const size_t level = channels.size() - 1 - i;
    const Weights scope = w.Sub("up_blocks", static_cast<int64_t>(i));
    const BlockOptions common = options(i, level);
    for (int64_t j = 0; j <= layers[level]; ++j) {
      // The skip tensors come from this level's layers, the last one from where the level began.
      const int64_t skip = j < layers[level] ? channels[level] : channels[level == 0 ? 0 : level - 1];
      blocks[i].layers.emplace_back(scope, j, skips ? in + skip : in, channels[level], common, time);
      in = channels[level];
    }
    if (level > 0) blocks[i].upsampler.emplace(scope.Sub("upsamplers.0.conv"), Conv2dOptions{in, in});
  }
  return blocks;
}

MidBlock::MidBlock(const Weights& w, int64_t channels, const BlockOptions& options, int64_t attentions,
                   TimeProjections* time) {
  BlockOptions last = options;
  last.attention = BlockAttention::kNone;
  for (int64_t i = 0; i < attentions; ++i) layers_.emplace_back(w, i, channels, channels, options, time);
  layers_.emplace_back(w, attentions, channels, channels, last, time);
}

at::Tensor MidBlock::Forward(const at::Tensor& x, const BlockContext& context) const {
  at::Tensor h = x;
  for (const UNetLayer& layer : layers_) h = layer.Forward(h, context);
  return h;
}

}  // namespace skipbench
