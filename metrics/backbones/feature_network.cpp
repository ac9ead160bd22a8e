#include "metrics/backbones/feature_network.h"

#include <ATen/ATen.h>
#include <fmt/ostream.h>

#include <algorithm>

#include "harness/base/did_you_mean.h"
#include "harness/base/paths.h"
#include "metrics/backbones/clip_motion.h"
#include "metrics/backbones/fashion_net.h"
#include "metrics/backbones/i3d.h"
#include "metrics/backbones/inception_v3.h"
#include "metrics/backbones/torchscript.h"
#include "metrics/official_weights.h"

namespace skipbench {

namespace fs = std::filesystem;

namespace {

constexpr const char* kKnown =
    "fashion, inception:clean, inception:legacy_tf, inception:pytorch_fid (each with :LAYER), i3d, motion, "
    "torchscript:PATH, torchscript_01:PATH, torchscript_11:PATH";

// A network without a path in its name, and the file of its weights with the command that makes it.
struct Known {
  const char* name;
  bool clips;
  const char* file;
  const char* how;
  std::unique_ptr<FeatureNetwork> (*open)(const fs::path& weights, InceptionLayer layer);
};

template <FidPreprocessing preprocessing>
std::unique_ptr<FeatureNetwork> OpenInception(const fs::path& weights, InceptionLayer layer) {
  return std::make_unique<InceptionV3>(weights, preprocessing, layer);
}

template <typename T>
std::unique_ptr<FeatureNetwork> OpenOther(const fs::path& weights, InceptionLayer) {
  if constexpr (std::is_default_constructible_v<T>) {
    return std::make_unique<T>();
  } else {
    return std::make_unique<T>(weights);
  }
}

constexpr const char *kInceptionFile = "inception_v3_fid.safetensors",
                     *kInceptionHow =
                         "scripts/convert/metric_weights.py pt_inception-2015-12-05-6726825d.pth "
                         "FOLDER/inception_v3_fid.safetensors";
constexpr Known kNetworks[] = {
    {"fashion", false, "feature_net.safetensors", "scripts/fashion_scenes/train_featurenet.py", OpenOther<FashionNet>},
    {"inception:clean", false, kInceptionFile, kInceptionHow, OpenInception<FidPreprocessing::kClean>},
    {"inception:legacy_tf", false, kInceptionFile, kInceptionHow, OpenInception<FidPreprocessing::kLegacyTf>},
    {"inception:pytorch_fid", false, kInceptionFile, kInceptionHow, OpenInception<FidPreprocessing::kPytorchFid>},
    {"i3d", true, "i3d_k400.safetensors",
     "scripts/convert/metric_weights.py rgb_imagenet.pt FOLDER/i3d_k400.safetensors", OpenOther<I3d>},
    {"motion", true, nullptr, nullptr, OpenOther<ClipMotion>},
};

// A name taken apart: one of the above, or a TorchScript file.
struct Parsed {
  const Known* network = nullptr;
  InceptionLayer layer = InceptionLayer::kPool3;
  TorchScriptInput input = TorchScriptInput::kBytes;
  fs::path path;
};

Parsed Parse(const std::string& name) {
  std::vector<std::string> names;
  for (const Known& network : kNetworks) {
    const std::string layer = std::string(network.name) + ":";
    if (name == network.name) return {.network = &network};
    if (layer.starts_with("inception:") && name.starts_with(layer))
      return {.network = &network, .layer = ParseInceptionLayer(name.substr(layer.size()), "features")};
    names.emplace_back(network.name);
  }
  for (const auto input : {TorchScriptInput::kBytes, TorchScriptInput::kZeroToOne, TorchScriptInput::kMinusOneToOne}) {
    const std::string prefix = std::string(TorchScriptInputName(input)) + ":";
    if (name.starts_with(prefix) && name.size() > prefix.size())
      return {.input = input, .path = name.substr(prefix.size())};
  }
  Fail("features: unknown feature network \"{}\"; known: {}{}", name, kKnown, DidYouMean(name, names));
}

void CheckInput(const at::Tensor& pictures, const FeatureNetworkInfo& info) {
  if (!pictures.defined() || pictures.scalar_type() != at::kByte || !pictures.is_cpu())
    Fail("{}: expected 8-bit pictures on the CPU", info.name);
  const int64_t rank = info.clips ? 5 : 4;
  if (pictures.dim() != rank || pictures.size(rank - 3) != 3 || pictures.numel() == 0)
    Fail("{}: expected {}, found the shape {}", info.name,
         info.clips ? "clips [n, T, 3, H, W]" : "pictures [n, 3, H, W]", fmt::streamed(pictures.sizes()));
}

}  // namespace

at::Tensor FeatureNetwork::Features(const at::Tensor& pictures) const {
  CheckInput(pictures, info_);
  const at::Tensor features = Compute(pictures).to(at::kFloat).contiguous();
  if (features.dim() != 2 || features.size(0) != pictures.size(0))
    Fail("{}: expected features [{}, d], found the shape {}", info_.name, pictures.size(0),
         fmt::streamed(features.sizes()));
  if (info_.dimension != 0 && features.size(1) != info_.dimension)
    Fail("{}: expected {} features, found {}", info_.name, info_.dimension, features.size(1));
  const at::Tensor finite = features.isfinite();
  if (!finite.all().item<bool>())
    Fail("{}: the features of sample {} of the batch are not finite", info_.name,
         finite.all(1).logical_not().nonzero()[0][0].item<int64_t>());
  return features;
}

bool TakesClips(const std::string& name) {
  return std::ranges::any_of(kNetworks, [&](const Known& network) { return network.clips && name == network.name; });
}

fs::path FindMetricWeights(const std::string& file, const FeatureNetworkOptions& options, const std::string& wanted_by,
                           const std::string& how) {
  std::vector<fs::path> folders = options.weights;
  for (auto& folder : PathsOfEnvironment("SKIPBENCH_METRIC_WEIGHTS")) folders.push_back(std::move(folder));
  std::string looked;
  for (const fs::path& folder : folders) {
    if (fs::is_regular_file(folder / file)) return folder / file;
    looked += "\n  " + (folder / file).lexically_normal().string();
  }
  const OfficialWeights* official = FindOfficialWeights(file);
  const std::string from =
      official
          ? fmt::format("\nfrom {} (or all files at once with scripts/convert/all_metric_weights.py DOWNLOADS FOLDER)",
                        Describe(*official))
          : "";
  throw MissingWeightsError(
      wanted_by,
      fmt::format("the weights {} are not there; looked at{}\nMake the file with\n  {}{}\nand name its FOLDER with "
                  "\"metric_weights\" in a config, --metric-weights (skipbench metrics) or SKIPBENCH_METRIC_WEIGHTS.",
                  file, looked.empty() ? " no folder (none is named)" : looked, how, from));
}

fs::path FindFeatureNetworkWeights(const std::string& name, const FeatureNetworkOptions& options) {
  const Parsed parsed = Parse(name);
  if (!parsed.network) {
    if (!fs::is_regular_file(parsed.path))
      throw MissingWeightsError(name, "no such TorchScript file: " + parsed.path.string());
    return parsed.path;
  }
  if (!parsed.network->file) return {};
  FeatureNetworkOptions places = options;
  if (name == "fashion")
    places.weights.push_back(options.shipped.empty() ? ShippedFolder("fashion_scenes") / "feature_net"
                                                     : options.shipped);
  return FindMetricWeights(parsed.network->file, places, name, parsed.network->how);
}

std::unique_ptr<FeatureNetwork> OpenFeatureNetwork(const std::string& name, const FeatureNetworkOptions& options) {
  const Parsed parsed = Parse(name);
  const fs::path weights = FindFeatureNetworkWeights(name, options);
  return parsed.network ? parsed.network->open(weights, parsed.layer) : OpenTorchScript(weights, parsed.input);
}

}  // namespace skipbench
