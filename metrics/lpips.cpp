#include "metrics/lpips.h"

#include <ATen/ATen.h>
#include <fmt/ostream.h>

#include <utility>

#include "metrics/backbones/conv_unit.h"
#include "metrics/pictures.h"

namespace skipbench {
namespace {

// One step of a backbone: a convolution, or a max pool (out 0); `tap`: its output is one of the five.
struct Step {
  int64_t out = 0;
  bool tap = false;
  int64_t kernel = 3, stride = 1, padding = 1;
};

struct Backbone {
  const char* net;
  int64_t pool;      // side of the max pools, stride 2
  int64_t smallest;  // side of the smallest picture that reaches the last tap
  std::vector<Step> steps;
};

const Backbone& FindBackbone(const std::string& net) {
  const Step pool;
  const auto conv = [](int64_t out) { return Step{out}; };
  const auto tap = [](int64_t out) { return Step{out, true}; };
  static const std::vector<Backbone> backbones = {
      {"alex", 3, 31, {{64, true, 11, 4, 2}, pool, {192, true, 5, 1, 2}, pool, tap(384), tap(256), tap(256)}},
      {"vgg",
       2,
       16,
       {conv(64), tap(64), pool, conv(128), tap(128), pool, conv(256), conv(256), tap(256), pool, conv(512), conv(512),
        tap(512), pool, conv(512), conv(512), tap(512)}},
  };
  for (const Backbone& backbone : backbones)
    if (net == backbone.net) return backbone;
  Fail("lpips: unknown network \"{}\"; known: alex, vgg", net);
}

}  // namespace

struct Lpips::Network {
  const Backbone& backbone;
  std::vector<ConvUnit> units;    // of the steps that are convolutions
  std::vector<at::Tensor> heads;  // [1, C, 1, 1]

  Network(const Backbone& b, const Weights& features, const Weights& lin) : backbone(b) {
    int tap = 0, module = 0;  // of "features": a ReLU, which is not listed, follows every convolution
    int64_t in = 3;
    for (const Step& step : b.steps) {
      if (step.out > 0) {
        units.emplace_back(features.Sub("features", module++),
                           ConvUnitOptions{.in = in,
                                           .out = step.out,
                                           .kernel = {step.kernel, step.kernel},
                                           .stride = {step.stride, step.stride},
                                           .padding = {step.padding, step.padding}},
                           /*bias=*/true);
        in = step.out;
      }
      ++module;
      if (step.tap) heads.push_back(lin.Take(fmt::format("lin{}.model.1.weight", tap++), {1, step.out, 1, 1}));
    }
  }

  std::vector<at::Tensor> Taps(at::Tensor x) const {
    std::vector<at::Tensor> taps;
    size_t unit = 0;
    for (const Step& step : backbone.steps) {
      if (step.out == 0) {
        x = at::max_pool2d(x, {backbone.pool, backbone.pool}, {2, 2});
        continue;
      }
      x = units[unit++].Forward(x);
      if (step.tap) taps.push_back(x);
    }
    return taps;
  }
};

namespace {

// uint8 -> the backbone's input: x / 127.5 - 1, then shifted and scaled channel by channel.
at::Tensor Scaled(const at::Tensor& pictures) {
  const at::Tensor shift = at::tensor({-.030f, -.088f, -.188f}).view({1, 3, 1, 1}),
                   scale = at::tensor({.458f, .448f, .450f}).view({1, 3, 1, 1});
  return pictures.to(at::kFloat).div_(127.5).sub_(1).sub_(shift).div_(scale).contiguous(at::MemoryFormat::ChannelsLast);
}

at::Tensor UnitLength(const at::Tensor& f) { return f / (f.square().sum(1, true).sqrt() + 1e-10); }

void CheckPictures(const at::Tensor& pictures, const Backbone& backbone) {
  if (pictures.dim() != 4 || pictures.size(1) != 3)
    Fail("lpips: expected pictures [n, 3, H, W], found the shape {}", fmt::streamed(pictures.sizes()));
  if (std::min(pictures.size(2), pictures.size(3)) < backbone.smallest)
    Fail("lpips:{}: pictures of at least {}x{} are needed, found {}x{}", backbone.net, backbone.smallest,
         backbone.smallest, pictures.size(2), pictures.size(3));
}

}  // namespace

Lpips::Lpips() = default;
Lpips::~Lpips() = default;

std::vector<std::filesystem::path> Lpips::FindWeights(const std::string& net, const FeatureNetworkOptions& options) {
  FindBackbone(net);
  const std::string checkpoint = net == "alex" ? "alexnet-owt-7be5be79.pth" : "vgg16-397923af.pth";
  const std::pair<std::string, std::string> files[] = {
      {fmt::format("lpips_{}_features.safetensors", net), checkpoint},
      {fmt::format("lpips_v0.1_{}.safetensors", net), fmt::format("lpips/weights/v0.1/{}.pth", net)}};
  std::vector<std::filesystem::path> found;
  std::string missing;
  for (const auto& [file, source] : files) {
    try {
      found.push_back(FindMetricWeights(file, options, "lpips:" + net,
                                        fmt::format("scripts/convert/metric_weights.py {} FOLDER/{}", source, file)));
    } catch (const MissingWeightsError& e) {
      missing += (missing.empty() ? "" : "\n") + e.reason();
    }
  }
  if (!missing.empty()) throw MissingWeightsError("lpips:" + net, missing);
  return found;
}

std::unique_ptr<Lpips> Lpips::Open(const std::string& net, const FeatureNetworkOptions& options) {
  const Backbone& backbone = FindBackbone(net);
  const auto files = FindWeights(net, options);
  // A file of the whole classifier will do.
  const Weights w = Weights::FromFile(
      files[0], {.ignore = {"classifier.0.weight", "classifier.0.bias", "classifier.1.weight", "classifier.1.bias",
                            "classifier.3.weight", "classifier.3.bias", "classifier.4.weight", "classifier.4.bias",
                            "classifier.6.weight", "classifier.6.bias"}});
  const Weights lin = Weights::FromFile(files[1]);
  std::unique_ptr<Lpips> lpips(new Lpips());
  lpips->network_ = std::make_unique<Network>(backbone, w, lin);
  w.Finish();
  lin.Finish();
  return lpips;
}

std::vector<at::Tensor> Lpips::Taps(const at::Tensor& pictures) const {
  CheckBytes(pictures, pictures, "lpips");
  CheckPictures(pictures, network_->backbone);
  return network_->Taps(Scaled(pictures));
}

at::Tensor Lpips::Layers(const at::Tensor& pictures, const at::Tensor& references) const {
  CheckBytes(pictures, references, "lpips");
  CheckPictures(pictures, network_->backbone);
  const std::vector<at::Tensor> a = network_->Taps(Scaled(pictures)), b = network_->Taps(Scaled(references));
  std::vector<at::Tensor> layers;
  for (size_t i = 0; i < a.size(); ++i) {
    const at::Tensor difference = (UnitLength(a[i]) - UnitLength(b[i])).square_();
    layers.push_back((difference * network_->heads[i]).sum(1).mean({1, 2}, false, at::kDouble));
  }
  return at::stack(layers, 1);
}

at::Tensor Lpips::Distance(const at::Tensor& pictures, const at::Tensor& references) const {
  return Layers(pictures, references).sum(1);
}

namespace {

class LpipsNetwork : public MetricNetwork {
 public:
  explicit LpipsNetwork(std::unique_ptr<Lpips> lpips) : lpips_(std::move(lpips)) {}
  std::vector<std::vector<double>> Measure(std::span<const MetricInput> samples,
                                           std::span<const MetricInput> references) const override {
    const at::Tensor distances = lpips_->Distance(StackedPictures(samples), StackedPictures(references)).contiguous();
    std::vector<std::vector<double>> values;
    for (size_t i = 0; i < samples.size(); ++i) values.push_back({distances.const_data_ptr<double>()[i]});
    return values;
  }

 private:
  std::unique_ptr<Lpips> lpips_;
};

constexpr char kAlex[] = "alex", kVgg[] = "vgg";

template <const char* net>
MetricType Described(std::string summary) {
  return {.name = fmt::format("lpips:{}", net),
          .summary = std::move(summary),
          .columns = {{.name = fmt::format("lpips_{}", net),
                       .title = fmt::format("LPIPS {}", net),
                       .better = Direction::kLower,
                       .decimals = 3,
                       .limit = 0.005,
                       .order = 2,
                       .per_frame = true}},
          .needs_pictures = true,
          .weights = [](const FeatureNetworkOptions& options) { return Lpips::FindWeights(net, options); },
          .open = [](const FeatureNetworkOptions& options) -> std::unique_ptr<MetricNetwork> {
            return std::make_unique<LpipsNetwork>(Lpips::Open(net, options));
          }};
}

}  // namespace

MetricType LpipsAlexMetric() {
  return Described<kAlex>("LPIPS v0.1 with AlexNet (Zhang et al. 2018); \"lpips\" means this one");
}

MetricType LpipsVggMetric() { return Described<kVgg>("LPIPS v0.1 with VGG-16"); }

}  // namespace skipbench
