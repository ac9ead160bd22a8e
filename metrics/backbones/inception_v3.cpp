#include "metrics/backbones/inception_v3.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "harness/base/did_you_mean.h"
#include "harness/io/files/sha256.h"
#include "metrics/backbones/conv_unit.h"

namespace skipbench {
namespace {

constexpr double kEps = 0.001;

// A unit of the scope `name`; `kernel`, `padding`: height, width.
ConvUnit Unit(const Weights& w, const char* name, int64_t in, int64_t out, std::vector<int64_t> kernel,
              std::vector<int64_t> padding = {}, int64_t stride = 1) {
  return ConvUnit(
      w.Sub(name), "conv",
      {.in = in, .out = out, .kernel = std::move(kernel), .stride = {stride, stride}, .padding = std::move(padding)},
      kEps);
}

at::Tensor MeanPool(const at::Tensor& x) {
  return at::avg_pool2d(x, {3, 3}, {1, 1}, {1, 1}, false, /*count_include_pad=*/false);
}
at::Tensor MaxPool(const at::Tensor& x) { return at::max_pool2d(x, {3, 3}, {2, 2}); }

struct BlockA {  // Mixed_5b, 5c, 5d
  ConvUnit branch1x1, branch5x5_1, branch5x5_2, branch3x3dbl_1, branch3x3dbl_2, branch3x3dbl_3, branch_pool;
  BlockA(const Weights& w, int64_t in, int64_t pool)
      : branch1x1(Unit(w, "branch1x1", in, 64, {1, 1})),
        branch5x5_1(Unit(w, "branch5x5_1", in, 48, {1, 1})),
        branch5x5_2(Unit(w, "branch5x5_2", 48, 64, {5, 5}, {2, 2})),
        branch3x3dbl_1(Unit(w, "branch3x3dbl_1", in, 64, {1, 1})),
        branch3x3dbl_2(Unit(w, "branch3x3dbl_2", 64, 96, {3, 3}, {1, 1})),
        branch3x3dbl_3(Unit(w, "branch3x3dbl_3", 96, 96, {3, 3}, {1, 1})),
        branch_pool(Unit(w, "branch_pool", in, pool, {1, 1})) {}
  at::Tensor Forward(const at::Tensor& x) const {
    return at::cat(
        {branch1x1.Forward(x), branch5x5_2.Forward(branch5x5_1.Forward(x)),
         branch3x3dbl_3.Forward(branch3x3dbl_2.Forward(branch3x3dbl_1.Forward(x))), branch_pool.Forward(MeanPool(x))},
        1);
  }
};

struct BlockB {  // Mixed_6a
  ConvUnit branch3x3, branch3x3dbl_1, branch3x3dbl_2, branch3x3dbl_3;
  BlockB(const Weights& w, int64_t in)
      : branch3x3(Unit(w, "branch3x3", in, 384, {3, 3}, {}, 2)),
        branch3x3dbl_1(Unit(w, "branch3x3dbl_1", in, 64, {1, 1})),
        branch3x3dbl_2(Unit(w, "branch3x3dbl_2", 64, 96, {3, 3}, {1, 1})),
        branch3x3dbl_3(Unit(w, "branch3x3dbl_3", 96, 96, {3, 3}, {}, 2)) {}
  at::Tensor Forward(const at::Tensor& x) const {
    return at::cat(
        {branch3x3.Forward(x), branch3x3dbl_3.Forward(branch3x3dbl_2.Forward(branch3x3dbl_1.Forward(x))), MaxPool(x)},
        1);
  }
};

struct BlockC {  // Mixed_6b..6e
  ConvUnit branch1x1, branch7x7_1, branch7x7_2, branch7x7_3, branch7x7dbl_1, branch7x7dbl_2, branch7x7dbl_3,
      branch7x7dbl_4, branch7x7dbl_5, branch_pool;
  BlockC(const Weights& w, int64_t c)
      : branch1x1(Unit(w, "branch1x1", 768, 192, {1, 1})),
        branch7x7_1(Unit(w, "branch7x7_1", 768, c, {1, 1})),
        branch7x7_2(Unit(w, "branch7x7_2", c, c, {1, 7}, {0, 3})),
        branch7x7_3(Unit(w, "branch7x7_3", c, 192, {7, 1}, {3, 0})),
        branch7x7dbl_1(Unit(w, "branch7x7dbl_1", 768, c, {1, 1})),
        branch7x7dbl_2(Unit(w, "branch7x7dbl_2", c, c, {7, 1}, {3, 0})),
        branch7x7dbl_3(Unit(w, "branch7x7dbl_3", c, c, {1, 7}, {0, 3})),
        branch7x7dbl_4(Unit(w, "branch7x7dbl_4", c, c, {7, 1}, {3, 0})),
        branch7x7dbl_5(Unit(w, "branch7x7dbl_5", c, 192, {1, 7}, {0, 3})),
        branch_pool(Unit(w, "branch_pool", 768, 192, {1, 1})) {}
  at::Tensor Forward(const at::Tensor& x) const {
    const at::Tensor b7 = branch7x7_3.Forward(branch7x7_2.Forward(branch7x7_1.Forward(x)));
    const at::Tensor b7_2 = branch7x7dbl_3.Forward(branch7x7dbl_2.Forward(branch7x7dbl_1.Forward(x)));
    return at::cat({branch1x1.Forward(x), b7, branch7x7dbl_5.Forward(branch7x7dbl_4.Forward(b7_2)),
                    branch_pool.Forward(MeanPool(x))},
                   1);
  }
};

struct BlockD {  // Mixed_7a
  ConvUnit branch3x3_1, branch3x3_2, branch7x7x3_1, branch7x7x3_2, branch7x7x3_3, branch7x7x3_4;
  explicit BlockD(const Weights& w)
      : branch3x3_1(Unit(w, "branch3x3_1", 768, 192, {1, 1})),
        branch3x3_2(Unit(w, "branch3x3_2", 192, 320, {3, 3}, {}, 2)),
        branch7x7x3_1(Unit(w, "branch7x7x3_1", 768, 192, {1, 1})),
        branch7x7x3_2(Unit(w, "branch7x7x3_2", 192, 192, {1, 7}, {0, 3})),
        branch7x7x3_3(Unit(w, "branch7x7x3_3", 192, 192, {7, 1}, {3, 0})),
        branch7x7x3_4(Unit(w, "branch7x7x3_4", 192, 192, {3, 3}, {}, 2)) {}
  at::Tensor Forward(const at::Tensor& x) const {
    const at::Tensor b7 = branch7x7x3_2.Forward(branch7x7x3_1.Forward(x));
    return at::cat(
        {branch3x3_2.Forward(branch3x3_1.Forward(x)), branch7x7x3_4.Forward(branch7x7x3_3.Forward(b7)), MaxPool(x)}, 1);
  }
};

struct BlockE {  // Mixed_7b pools the mean, Mixed_7c the maximum
  bool pool_maximum;
  ConvUnit branch1x1, branch3x3_1, branch3x3_2a, branch3x3_2b, branch3x3dbl_1, branch3x3dbl_2, branch3x3dbl_3a,
      branch3x3dbl_3b, branch_pool;
  BlockE(const Weights& w, int64_t in, bool maximum)
      : pool_maximum(maximum),
        branch1x1(Unit(w, "branch1x1", in, 320, {1, 1})),
        branch3x3_1(Unit(w, "branch3x3_1", in, 384, {1, 1})),
        branch3x3_2a(Unit(w, "branch3x3_2a", 384, 384, {1, 3}, {0, 1})),
        branch3x3_2b(Unit(w, "branch3x3_2b", 384, 384, {3, 1}, {1, 0})),
        branch3x3dbl_1(Unit(w, "branch3x3dbl_1", in, 448, {1, 1})),
        branch3x3dbl_2(Unit(w, "branch3x3dbl_2", 448, 384, {3, 3}, {1, 1})),
        branch3x3dbl_3a(Unit(w, "branch3x3dbl_3a", 384, 384, {1, 3}, {0, 1})),
        branch3x3dbl_3b(Unit(w, "branch3x3dbl_3b", 384, 384, {3, 1}, {1, 0})),
        branch_pool(Unit(w, "branch_pool", in, 192, {1, 1})) {}
  at::Tensor Forward(const at::Tensor& x) const {
    const at::Tensor b3 = branch3x3_1.Forward(x), dbl = branch3x3dbl_2.Forward(branch3x3dbl_1.Forward(x));
    const at::Tensor pooled = pool_maximum ? at::max_pool2d(x, {3, 3}, {1, 1}, {1, 1}) : MeanPool(x);
    return at::cat({branch1x1.Forward(x), branch3x3_2a.Forward(b3), branch3x3_2b.Forward(b3),
                    branch3x3dbl_3a.Forward(dbl), branch3x3dbl_3b.Forward(dbl), branch_pool.Forward(pooled)},
                   1);
  }
};

constexpr struct Layer {
  InceptionLayer layer;
  const char* name;
  int64_t dimension;
} kLayers[] = {
    {InceptionLayer::kPool3, "pool3", 2048},
    {InceptionLayer::k64, "64", 64},
    {InceptionLayer::k192, "192", 192},
    {InceptionLayer::k768, "768", 768},
    {InceptionLayer::kSpatial, "spatial", 2023},
    {InceptionLayer::kLogits, "logits", 1008},
    {InceptionLayer::kLogitsUnbiased, "logits_unbiased", 1008},
};

const Layer& Find(InceptionLayer layer) { return *std::ranges::find(kLayers, layer, &Layer::layer); }

}  // namespace

struct InceptionV3::Network {
  ConvUnit conv_1a, conv_2a, conv_2b, conv_3b, conv_4a;
  BlockA mixed_5b, mixed_5c, mixed_5d;
  BlockB mixed_6a;
  BlockC mixed_6b, mixed_6c, mixed_6d, mixed_6e;
  BlockD mixed_7a;
  BlockE mixed_7b, mixed_7c;
  at::Tensor fc_weight, fc_bias;
  explicit Network(const Weights& w)
      : conv_1a(Unit(w, "Conv2d_1a_3x3", 3, 32, {3, 3}, {}, 2)),
        conv_2a(Unit(w, "Conv2d_2a_3x3", 32, 32, {3, 3})),
        conv_2b(Unit(w, "Conv2d_2b_3x3", 32, 64, {3, 3}, {1, 1})),
        conv_3b(Unit(w, "Conv2d_3b_1x1", 64, 80, {1, 1})),
        conv_4a(Unit(w, "Conv2d_4a_3x3", 80, 192, {3, 3})),
        mixed_5b(w.Sub("Mixed_5b"), 192, 32),
        mixed_5c(w.Sub("Mixed_5c"), 256, 64),
        mixed_5d(w.Sub("Mixed_5d"), 288, 64),
        mixed_6a(w.Sub("Mixed_6a"), 288),
        mixed_6b(w.Sub("Mixed_6b"), 128),
        mixed_6c(w.Sub("Mixed_6c"), 160),
        mixed_6d(w.Sub("Mixed_6d"), 160),
        mixed_6e(w.Sub("Mixed_6e"), 192),
        mixed_7a(w.Sub("Mixed_7a")),
        mixed_7b(w.Sub("Mixed_7b"), 1280, false),
        mixed_7c(w.Sub("Mixed_7c"), 2048, true),
        fc_weight(w.Take("fc.weight", {1008, 2048})),
        fc_bias(w.Take("fc.bias", {1008})) {}

  static at::Tensor Mean(const at::Tensor& x) { return x.mean({2, 3}); }

  at::Tensor Forward(const at::Tensor& input, InceptionLayer layer) const {
    at::Tensor x = input.contiguous(at::MemoryFormat::ChannelsLast);    // [n, 3, 299, 299]
    x = MaxPool(conv_2b.Forward(conv_2a.Forward(conv_1a.Forward(x))));  // [n, 64, 73, 73]
    if (layer == InceptionLayer::k64) return Mean(x);
    x = MaxPool(conv_4a.Forward(conv_3b.Forward(x)));  // [n, 192, 35, 35]
    if (layer == InceptionLayer::k192) return Mean(x);
    x = mixed_6a.Forward(mixed_5d.Forward(mixed_5c.Forward(mixed_5b.Forward(x))));  // [n, 768, 17, 17]
    x = mixed_6e.Forward(mixed_6d.Forward(mixed_6c.Forward(mixed_6b.Forward(x))));
    if (layer == InceptionLayer::k768) return Mean(x);
    if (layer == InceptionLayer::kSpatial) return x.narrow(1, 0, 7).contiguous(at::MemoryFormat::Contiguous).flatten(1);
    x = Mean(mixed_7c.Forward(mixed_7b.Forward(mixed_7a.Forward(x))));  // [n, 2048] of 8x8 places
    if (layer == InceptionLayer::kPool3) return x;
    // One product a sample: in a common one the rounding would depend on how many there are.
    std::vector<at::Tensor> rows;
    for (const at::Tensor& row : x.unbind(0)) rows.push_back(fc_weight.mv(row));
    const at::Tensor logits = at::stack(rows);
    return layer == InceptionLayer::kLogits ? logits + fc_bias : logits;
  }
};

InceptionV3::InceptionV3(const std::filesystem::path& weights, FidPreprocessing preprocessing, InceptionLayer layer)
    : FeatureNetwork({.name = fmt::format("inception:{}:{}", FidPreprocessingName(preprocessing), Find(layer).name),
                      .network = "inception_v3_fid",
                      .preprocessing = FidPreprocessingName(preprocessing),
                      .dimension = Find(layer).dimension,
                      .weights = weights,
                      .weights_sha256 = Sha256OfFile(weights)}),
      preprocessing_(preprocessing),
      layer_(layer) {
  const Weights w = Weights::FromFile(weights, {.ignore = {"*.num_batches_tracked"}});
  network_ = std::make_unique<Network>(w);
  w.Finish();
}
InceptionV3::~InceptionV3() = default;

at::Tensor InceptionV3::Forward(const at::Tensor& input, InceptionLayer layer) const {
  return network_->Forward(input, layer);
}

at::Tensor InceptionV3::Compute(const at::Tensor& pictures) const {
  return Forward(ScaleForInception(ResizeForFid(pictures, preprocessing_), preprocessing_), layer_);
}

InceptionLayer ParseInceptionLayer(const std::string& name, const std::string& where) {
  std::vector<std::string> known;
  for (const auto& layer : kLayers) {
    if (name == layer.name) return layer.layer;
    known.emplace_back(layer.name);
  }
  Fail("{}: unknown layer \"{}\" of Inception; {}", where, name, KnownNames(name, known));
}

}  // namespace skipbench
