// The blocks of the 2-D U-Nets. One type serves diffusers' DownBlock2D, AttnDownBlock2D and CrossAttnDownBlock2D (and
// the same three going up), and DownBlock3D, CrossAttnDownBlock3D: a block is a row of layers, a layer is a ResNet
// block with or without attention after it; in the video networks a temporal layer follows each of the two.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <optional>
#include <vector>

#include "harness/nn/layers/attention.h"
#include "harness/nn/layers/conv2d.h"
#include "harness/nn/layers/resnet.h"
#include "harness/nn/layers/temporal.h"
#include "harness/nn/layers/transformer_2d.h"

namespace skipbench {

enum class BlockAttention {
  kNone,   // DownBlock2D, UpBlock2D
  kSelf,   // AttnDownBlock2D, AttnUpBlock2D: AttentionBlock
  kCross,  // CrossAttnDownBlock2D, CrossAttnUpBlock2D: Transformer2DModel
};

// What the layers of a block have in common.
struct BlockOptions {
  ResnetOptions resnet;  // channels are filled in layer by layer
  BlockAttention attention = BlockAttention::kNone;
  int64_t dim_head = 0;            // kSelf
  int64_t attention_groups = 0;    // kSelf; 0: no GroupNorm
  TransformerOptions transformer;  // kCross; `layers` is filled in layer by layer
  // Video: channels of a head, spatial and temporal (the heads are as many as fit), and there are temporal layers. 0:
  // pictures.
  int64_t video_head_dim = 0;
  std::vector<int64_t> transformer_layers;  // kCross: transformer blocks in each layer
};

// What every layer of a forward gets beside the feature map.
struct BlockContext {
  const TimeProjections* time = nullptr;
  at::Tensor projected;  // TimeProjections::Forward of the time embedding
  CrossAttentionContext cross;
  int64_t frames = 1;  // folded into the batch; temporal layers look across them
};

class UNetLayer {
 public:
  // `w`: the block's scope; the layer is resnets.INDEX and attentions.INDEX in it, and for video temp_convs.INDEX after
  // the first and temp_attentions.INDEX after the second.
  UNetLayer(const Weights& w, int64_t index, int64_t in_channels, int64_t out_channels, const BlockOptions& options,
            TimeProjections* time);
  at::Tensor Forward(const at::Tensor& x, const BlockContext& context) const {
    return Forward(std::vector<at::Tensor>{x}, context);
  }
  // Of a hidden state and a skip tensor, side by side.
  at::Tensor Forward(const std::vector<at::Tensor>& parts, const BlockContext& context) const;

 private:
  ResnetBlock2D resnet_;
  std::optional<TemporalConvLayer> temp_conv_;
  std::optional<AttentionBlock> attention_;
  std::optional<Transformer2DModel> transformer_;
  std::optional<TransformerTemporalModel> temp_attention_;
};

struct DownBlock {
  std::vector<UNetLayer> layers;
  std::optional<Conv2d> downsampler;  // Downsample2D: of stride 2
};

struct UpBlock {
  std::vector<UNetLayer> layers;
  std::optional<Conv2d> upsampler;  // Upsample2D: of the nearest-neighbour interpolation (ConvInput::Upsampled)
};

// `downsample_padding` 1 pads all sides of what is halved; 0 only on the right and below (the original DDPM code's
// asymmetric padding).
//
// The blocks of all levels, which have these channels and layers, from the outermost to the innermost. `options` says
// what the layers of a level's block have in common. The scopes are down_blocks.N of `w`.
std::vector<DownBlock> MakeDownBlocks(const Weights& w, const std::vector<int64_t>& channels,
                                      const std::vector<int64_t>& layers, int64_t downsample_padding,
                                      const std::function<BlockOptions(size_t level)>& options, TimeProjections* time);
// The same going up, with a layer more at every level; `options` is given the block's own number, too. With `skips`
// every layer also takes the output of a layer that went down. The scopes are up_blocks.N of `w`.
std::vector<UpBlock> MakeUpBlocks(const Weights& w, const std::vector<int64_t>& channels,
                                  const std::vector<int64_t>& layers, bool skips,
                                  const std::function<BlockOptions(size_t block, size_t level)>& options,
                                  TimeProjections* time);

// UNetMidBlock2D and UNetMidBlock2DCrossAttn: ResNet, then attention and ResNet as often as `attentions` says (0 or 1).
class MidBlock {
 public:
  MidBlock(const Weights& w, int64_t channels, const BlockOptions& options, int64_t attentions, TimeProjections* time);
  at::Tensor Forward(const at::Tensor& x, const BlockContext& context) const;

 private:
  std::vector<UNetLayer> layers_;  // the last one has no attention
};

}  // namespace skipbench
