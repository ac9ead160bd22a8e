#include "metrics/network_metrics.h"

#include <ATen/ATen.h>

#include "harness/base/error.h"
#include "metrics/backbones/fashion_net.h"
#include "metrics/lpips.h"

namespace skipbench {
namespace {

at::Tensor Stacked(std::span<const MetricInput> inputs) {
  std::vector<at::Tensor> pictures;
  for (const auto& input : inputs) pictures.push_back(input.picture);
  return at::stack(pictures);
}

class LpipsMetric : public MetricNetwork {
 public:
  explicit LpipsMetric(std::unique_ptr<Lpips> lpips) : lpips_(std::move(lpips)) {}
  std::vector<std::vector<double>> Measure(std::span<const MetricInput> samples,
                                           std::span<const MetricInput> references) const override {
    const at::Tensor distances = lpips_->Distance(Stacked(samples), Stacked(references)).contiguous();
    std::vector<std::vector<double>> values;
    for (size_t i = 0; i < samples.size(); ++i) values.push_back({distances.const_data_ptr<double>()[i]});
    return values;
  }

 private:
  std::unique_ptr<Lpips> lpips_;
};

class CaptionAccuracy : public MetricNetwork {
 public:
  explicit CaptionAccuracy(std::unique_ptr<FeatureNetwork> network)
      : network_(std::move(network)), fashion_(dynamic_cast<const FashionNet&>(*network_)) {}
  std::vector<std::vector<double>> Measure(std::span<const MetricInput> samples,
                                           std::span<const MetricInput>) const override {
    const at::Tensor logits = fashion_.Forward(Stacked(samples)).logits;
    std::vector<std::vector<double>> values;
    for (size_t i = 0; i < samples.size(); ++i)
      values.push_back({fashion_.CaptionAccuracy(logits[static_cast<int64_t>(i)], samples[i].caption)});
    return values;
  }

 private:
  std::unique_ptr<FeatureNetwork> network_;
  const FashionNet& fashion_;
};

}  // namespace

std::vector<std::filesystem::path> LpipsAlexWeights(const FeatureNetworkOptions& options) {
  return Lpips::FindWeights("alex", options);
}

std::vector<std::filesystem::path> LpipsVggWeights(const FeatureNetworkOptions& options) {
  return Lpips::FindWeights("vgg", options);
}

std::vector<std::filesystem::path> CaptionAccuracyWeights(const FeatureNetworkOptions& options) {
  return {FindFeatureNetworkWeights("fashion", options)};
}

std::unique_ptr<MetricNetwork> OpenLpipsAlex(const FeatureNetworkOptions& options) {
  return std::make_unique<LpipsMetric>(Lpips::Open("alex", options));
}

std::unique_ptr<MetricNetwork> OpenLpipsVgg(const FeatureNetworkOptions& options) {
  return std::make_unique<LpipsMetric>(Lpips::Open("vgg", options));
}

std::unique_ptr<MetricNetwork> OpenCaptionAccuracy(const FeatureNetworkOptions& options) {
  return std::make_unique<CaptionAccuracy>(OpenFeatureNetwork("fashion", options));
}

}  // namespace skipbench
