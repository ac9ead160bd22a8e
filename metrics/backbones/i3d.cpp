#include "metrics/backbones/i3d.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <array>
#include <vector>

#include "harness/io/files/sha256.h"
#include "metrics/backbones/conv_unit.h"
#include "metrics/backbones/resize.h"

namespace skipbench {
namespace {

constexpr double kEps = 0.001;
constexpr int64_t kFrames = 10;  // fewer leave nothing for the last pool

using Triple = std::array<int64_t, 3>;  // time, height, width

// TensorFlow's SAME: as many zeros as make the output ceil(size / stride), the odd one behind.
at::Tensor PadSame(const at::Tensor& x, const Triple& kernel, const Triple& stride) {
  std::vector<int64_t> pads;  // last dimension first
  bool any = false;
  for (int d = 2; d >= 0; --d) {
    const int64_t size = x.size(2 + d), k = kernel[d], s = stride[d];
    const int64_t p = size % s == 0 ? std::max<int64_t>(k - s, 0) : std::max<int64_t>(k - size % s, 0);
    pads.push_back(p / 2);
    pads.push_back(p - p / 2);
    any |= p > 0;
  }
  return any ? at::constant_pad_nd(x, pads) : x;
}

// Convolution with SAME padding; where that is the same on both sides, the convolution does it itself.
class Unit3d {
 public:
  Unit3d(const Weights& w, const char* name, int64_t in, int64_t out, int64_t kernel, int64_t stride = 1)
      : kernel_{kernel, kernel, kernel}, stride_{stride, stride, stride} {
    ConvUnitOptions options{
        .in = in, .out = out, .kernel = {kernel, kernel, kernel}, .stride = {stride, stride, stride}};
    if (stride == 1 && kernel % 2 == 1) {
      options.padding = {kernel / 2, kernel / 2, kernel / 2};
      padded_ = true;
    }
    unit_ = ConvUnit(w.Sub(name), "conv3d", options, kEps);
  }
  at::Tensor Forward(const at::Tensor& x) const { return unit_.Forward(padded_ ? x : PadSame(x, kernel_, stride_)); }

 private:
  Triple kernel_, stride_;
  bool padded_ = false;
  ConvUnit unit_;
};

// Inputs are at least 0: zeros outside or nothing outside is the same.
at::Tensor MaxPool(const at::Tensor& x, const Triple& kernel, const Triple& stride) {
  if (kernel == Triple{3, 3, 3} && stride == Triple{1, 1, 1}) return at::max_pool3d(x, kernel, stride, {1, 1, 1});
  return at::max_pool3d(PadSame(x, kernel, stride), kernel, stride);
}

struct Mixed {
  Unit3d b0, b1a, b1b, b2a, b2b, b3b;
  Mixed(const Weights& w, int64_t in, const std::array<int64_t, 6>& c)
      : b0(w, "b0", in, c[0], 1),
        b1a(w, "b1a", in, c[1], 1),
        b1b(w, "b1b", c[1], c[2], 3),
        b2a(w, "b2a", in, c[3], 1),
        b2b(w, "b2b", c[3], c[4], 3),
        b3b(w, "b3b", in, c[5], 1) {}
  at::Tensor Forward(const at::Tensor& x) const {
    return at::cat({b0.Forward(x), b1b.Forward(b1a.Forward(x)), b2b.Forward(b2a.Forward(x)),
                    b3b.Forward(MaxPool(x, {3, 3, 3}, {1, 1, 1}))},
                   1);
  }
};

}  // namespace

struct I3d::Network {
  Unit3d conv_1a, conv_2b, conv_2c;
  Mixed mixed_3b, mixed_3c, mixed_4b, mixed_4c, mixed_4d, mixed_4e, mixed_4f, mixed_5b, mixed_5c;
  ConvUnit logits;
  explicit Network(const Weights& w)
      : conv_1a(w, "Conv3d_1a_7x7", 3, 64, 7, 2),
        conv_2b(w, "Conv3d_2b_1x1", 64, 64, 1),
        conv_2c(w, "Conv3d_2c_3x3", 64, 192, 3),
        mixed_3b(w.Sub("Mixed_3b"), 192, {64, 96, 128, 16, 32, 32}),
        mixed_3c(w.Sub("Mixed_3c"), 256, {128, 128, 192, 32, 96, 64}),
        mixed_4b(w.Sub("Mixed_4b"), 480, {192, 96, 208, 16, 48, 64}),
        mixed_4c(w.Sub("Mixed_4c"), 512, {160, 112, 224, 24, 64, 64}),
        mixed_4d(w.Sub("Mixed_4d"), 512, {128, 128, 256, 24, 64, 64}),
        mixed_4e(w.Sub("Mixed_4e"), 512, {112, 144, 288, 32, 64, 64}),
        mixed_4f(w.Sub("Mixed_4f"), 528, {256, 160, 320, 32, 128, 128}),
        mixed_5b(w.Sub("Mixed_5b"), 832, {256, 160, 320, 32, 128, 128}),
        mixed_5c(w.Sub("Mixed_5c"), 832, {384, 192, 384, 48, 128, 128}),
        logits(w.Sub("logits.conv3d"), {.in = 1024, .out = 400, .kernel = {1, 1, 1}, .relu = false}, /*bias=*/true) {}

  at::Tensor Forward(const at::Tensor& input) const {
    at::Tensor x = input.contiguous(at::MemoryFormat::ChannelsLast3d);         // [n, 3, T, 224, 224]
    x = MaxPool(conv_1a.Forward(x), {1, 3, 3}, {1, 2, 2});                     // [n, 64, T/2, 56, 56]
    x = MaxPool(conv_2c.Forward(conv_2b.Forward(x)), {1, 3, 3}, {1, 2, 2});    // [n, 192, T/2, 28, 28]
    x = MaxPool(mixed_3c.Forward(mixed_3b.Forward(x)), {3, 3, 3}, {2, 2, 2});  // [n, 480, T/4, 14, 14]
    x = mixed_4f.Forward(mixed_4e.Forward(mixed_4d.Forward(mixed_4c.Forward(mixed_4b.Forward(x)))));
    x = mixed_5c.Forward(mixed_5b.Forward(MaxPool(x, {2, 2, 2}, {2, 2, 2})));  // [n, 1024, T/8, 7, 7]
    x = logits.Forward(at::avg_pool3d(x, {2, 7, 7}, {1, 1, 1}));               // [n, 400, T/8 - 1, 1, 1]
    return x.mean({2, 3, 4});
  }
};

I3d::I3d(const std::filesystem::path& weights)
    : FeatureNetwork({.name = "i3d",
                      .network = "i3d_k400",
                      .preprocessing = "fvd",
                      .dimension = 400,
                      .clips = true,
                      .weights = weights,
                      .weights_sha256 = Sha256OfFile(weights),
                      .batch = 1}) {
  const Weights w = Weights::FromFile(weights, {.ignore = {"*.num_batches_tracked"}});
  network_ = std::make_unique<Network>(w);
  w.Finish();
}
I3d::~I3d() = default;

at::Tensor I3d::Forward(const at::Tensor& input) const { return network_->Forward(input); }

at::Tensor I3d::Compute(const at::Tensor& clips) const {
  if (clips.size(1) < kFrames) Fail("i3d: clips of at least {} frames are needed, found {}", kFrames, clips.size(1));
  return Forward(PreprocessForFvd(clips));
}

}  // namespace skipbench
