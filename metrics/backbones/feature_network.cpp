#include "metrics/backbones/feature_network.h"

#include <ATen/ATen.h>
#include <fmt/ostream.h>

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
    "torchscript:PATH, "
    "torchscript_01:PATH, "
    "torchscript_11:PATH";
const char* const kWithoutPath[] = {"fashion", "inception:clean", "inception:legacy_tf", "inception:pytorch_fid",
                                    "i3d",     "motion"};

// A name taken apart.
struct Parsed {
  enum Kind { kFashion, kInception, kI3d, kMotion, kTorchScript } kind = kFashion;
  FidPreprocessing preprocessing = FidPreprocessing::kClean;
  InceptionLayer layer = InceptionLayer::kPool3;
  TorchScriptInput input = TorchScriptInput::kBytes;
  fs::path path;
};

bool ParseInception(const std::string& text, const std::string& where, Parsed* parsed) {
  const size_t colon = text.find(':');
  const std::string preprocessing = text.substr(0, colon);
  for (const auto one : {FidPreprocessing::kClean, FidPreprocessing::kLegacyTf, FidPreprocessing::kPytorchFid}) {
    if (preprocessing != FidPreprocessingName(one)) continue;
    parsed->kind = Parsed::kInception;
    parsed->preprocessing = one;
    if (colon != std::string::npos) parsed->layer = ParseInceptionLayer(text.substr(colon + 1), where);
    return true;
  }
  return false;
}

Parsed Parse(const std::string& name, const std::string& where) {
  Parsed parsed;
  if (name == "fashion") return parsed;
  if (name == "i3d") {
    parsed.kind = Parsed::kI3d;
    return parsed;
  }
  if (name == "motion") {
    parsed.kind = Parsed::kMotion;
    return parsed;
  }
  if (name.starts_with("inception:") && ParseInception(name.substr(10), where, &parsed)) return parsed;
  for (const auto input : {TorchScriptInput::kBytes, TorchScriptInput::kZeroToOne, TorchScriptInput::kMinusOneToOne}) {
    const std::string prefix = std::string(TorchScriptInputName(input)) + ":";
    if (!name.starts_with(prefix) || name.size() == prefix.size()) continue;
    parsed.kind = Parsed::kTorchScript;
    parsed.input = input;
    parsed.path = name.substr(prefix.size());
    return parsed;
  }
  Fail("{}: unknown feature network \"{}\"; known: {}{}", where, name, kKnown,
       DidYouMean(name, {std::begin(kWithoutPath), std::end(kWithoutPath)}));
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

int64_t FeatureNetwork::BatchSize(int64_t, int64_t) const { return 8; }

bool TakesClips(const std::string& name) { return name == "i3d" || name == "motion"; }

void CheckFeatureNetworkName(const std::string& name, const std::string& where) { Parse(name, where); }

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
  const Parsed parsed = Parse(name, "features");
  switch (parsed.kind) {
    case Parsed::kFashion: {
      FeatureNetworkOptions places = options;
      places.weights.push_back(options.shipped.empty() ? ShippedFolder("fashion_scenes") / "feature_net"
                                                       : options.shipped);
      return FindMetricWeights("feature_net.safetensors", places, name, "scripts/fashion_scenes/train_featurenet.py");
    }
    case Parsed::kInception:
      return FindMetricWeights("inception_v3_fid.safetensors", options, name,
                               "scripts/convert/metric_weights.py pt_inception-2015-12-05-6726825d.pth "
                               "FOLDER/inception_v3_fid.safetensors");
    case Parsed::kI3d:
      return FindMetricWeights("i3d_k400.safetensors", options, name,
                               "scripts/convert/metric_weights.py rgb_imagenet.pt FOLDER/i3d_k400.safetensors");
    case Parsed::kMotion: return {};
    case Parsed::kTorchScript:
      if (!fs::is_regular_file(parsed.path))
        throw MissingWeightsError(name, "no such TorchScript file: " + parsed.path.string());
      return parsed.path;
  }
  Fail("features: unknown network \"{}\"", name);
}

std::unique_ptr<FeatureNetwork> OpenFeatureNetwork(const std::string& name, const FeatureNetworkOptions& options) {
  const Parsed parsed = Parse(name, "features");
  const fs::path weights = FindFeatureNetworkWeights(name, options);
  switch (parsed.kind) {
    case Parsed::kFashion: return FashionNet::Open(weights);
    case Parsed::kInception: return InceptionV3::Open(weights, parsed.preprocessing, parsed.layer);
    case Parsed::kI3d: return I3d::Open(weights);
    case Parsed::kMotion: return std::make_unique<ClipMotion>();
    case Parsed::kTorchScript: return OpenTorchScript(weights, parsed.input);
  }
  Fail("features: unknown network \"{}\"", name);
}

}  // namespace skipbench
