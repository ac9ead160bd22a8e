#include "metrics/backbones/fashion_net.h"

#include <ATen/ATen.h>
#include <fmt/ostream.h>

#include <algorithm>
#include <string_view>

#include "harness/base/json.h"
#include "harness/io/files/safetensors.h"
#include "harness/io/files/sha256.h"

namespace skipbench {
namespace {

constexpr int64_t kSide = 64;
constexpr int64_t kFeatures = 128;
constexpr int64_t kPairs = 80;

ConvUnit Unit(const Weights& w, const char* name, int64_t in, int64_t out, int64_t stride, int64_t dilation) {
  return ConvUnit(w.Sub(name),
                  {.in = in,
                   .out = out,
                   .kernel = {3, 3},
                   .stride = {stride, stride},
                   .padding = {dilation, dilation},
                   .dilation = {dilation, dilation}},
                  /*bias=*/true);
}

std::vector<std::string> ReadLabels(const std::filesystem::path& weights) {
  const auto file = SafetensorsFile::Open(weights);
  const auto found = file->metadata().find("labels");
  if (found == file->metadata().end()) Fail("{}: the metadata has no \"labels\"", weights.string());
  const Json json = ParseJson(found->second, weights.string() + ": metadata \"labels\"");
  std::vector<std::string> labels;
  if (json.is_array())
    for (const Json& label : json)
      if (label.is_string()) labels.push_back(label.get<std::string>());
  if (static_cast<int64_t>(labels.size()) != kPairs || labels.size() != json.size())
    Fail("{}: metadata \"labels\": expected a list of {} strings", weights.string(), kPairs);
  return labels;
}

}  // namespace

FashionNet::FashionNet(const std::filesystem::path& weights)
    : FeatureNetwork({.name = "fashion",
                      .network = "feature_net",
                      .preprocessing = "unit",
                      .dimension = kFeatures,
                      .weights = weights,
                      .weights_sha256 = Sha256OfFile(weights),
                      .batch = 32}),
      labels_(ReadLabels(weights)) {
  const Weights w = Weights::FromFile(weights);
  trunk_ = {Unit(w, "conv1", 3, 32, 2, 1), Unit(w, "conv2", 32, 64, 2, 1), Unit(w, "conv3", 64, 128, 2, 1),
            Unit(w, "conv4", 128, 128, 1, 2), Unit(w, "conv5", 128, 128, 1, 2)};
  head_ = ConvUnit(w.Sub("head"), {.in = 128, .out = kPairs, .kernel = {1, 1}, .relu = false}, /*bias=*/true);
  w.Finish();
}

FashionNet::Outputs FashionNet::Forward(const at::Tensor& pictures) const {
  if (pictures.dim() != 4 || pictures.size(1) != 3 || pictures.size(2) != kSide || pictures.size(3) != kSide)
    Fail("fashion: the shipped feature network takes pictures of {}x{}, found the shape {}", kSide, kSide,
         fmt::streamed(pictures.sizes()));
  at::Tensor x = pictures.to(at::kFloat).div_(127.5).sub_(1).contiguous(at::MemoryFormat::ChannelsLast);
  for (const ConvUnit& unit : trunk_) x = unit.Forward(x);
  return {x.mean({2, 3}), head_.Forward(x).amax({2, 3})};
}

at::Tensor FashionNet::Compute(const at::Tensor& pictures) const { return Forward(pictures).features; }

std::vector<int64_t> FashionNet::PairsOf(const std::string& caption) const {
  std::vector<int64_t> pairs;
  std::string_view rest = caption;
  while (!rest.empty()) {
    // "a red sneaker, a blue bag and an ..."
    size_t end = std::min(rest.find(", "), rest.find(" and "));
    std::string_view part = rest.substr(0, end);
    rest = end == std::string_view::npos ? "" : rest.substr(end + (rest[end] == ',' ? 2 : 5));
    for (std::string_view article : {"an ", "a "})
      if (part.starts_with(article)) part = part.substr(article.size());
    const auto found = std::find(labels_.begin(), labels_.end(), part);
    if (found == labels_.end())
      Fail("caption_accuracy: \"{}\" in the caption \"{}\" is not one of the shipped network's {} pairs (\"{}\", ...)",
           part, caption, kPairs, labels_[0]);
    pairs.push_back(found - labels_.begin());
  }
  if (pairs.empty()) Fail("caption_accuracy: the caption is empty");
  return pairs;
}

double FashionNet::CaptionAccuracy(const at::Tensor& logits, const std::string& caption) const {
  const std::vector<int64_t> pairs = PairsOf(caption);
  const at::Tensor values = logits.contiguous();
  if (values.numel() != kPairs) Fail("caption_accuracy: expected {} logits, found {}", kPairs, values.numel());
  const float* v = values.const_data_ptr<float>();
  const auto present = std::count_if(pairs.begin(), pairs.end(), [&](int64_t pair) { return v[pair] > 0; });
  return static_cast<double>(present) / static_cast<double>(pairs.size());
}

}  // namespace skipbench
