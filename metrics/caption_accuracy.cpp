#include "metrics/caption_accuracy.h"

#include <ATen/ATen.h>

#include "metrics/backbones/fashion_net.h"
#include "metrics/pictures.h"

namespace skipbench {
namespace {

class CaptionAccuracy : public MetricNetwork {
 public:
  explicit CaptionAccuracy(std::unique_ptr<FeatureNetwork> network)
      : network_(std::move(network)), fashion_(dynamic_cast<const FashionNet&>(*network_)) {}
  std::vector<std::vector<double>> Measure(std::span<const MetricInput> samples,
                                           std::span<const MetricInput>) const override {
    const at::Tensor logits = fashion_.Forward(StackedPictures(samples)).logits;
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

MetricType CaptionAccuracyMetric() {
  return {.name = "caption_accuracy",
          .summary =
              "share of the caption's items that the shipped network finds in the picture; for the shipped model (no "
              "CLIP score)",
          .columns = {{.name = "caption_accuracy",
                       .title = "caption accuracy",
                       .better = Direction::kHigher,
                       .limit = 0.02,
                       .per_frame = true}},
          .needs_pictures = true,
          .needs_reference = false,
          .needs_caption = true,
          .weights =
              [](const FeatureNetworkOptions& options) {
                return std::vector{FindFeatureNetworkWeights("fashion", options)};
              },
          .open = [](const FeatureNetworkOptions& options) -> std::unique_ptr<MetricNetwork> {
            return std::make_unique<CaptionAccuracy>(OpenFeatureNetwork("fashion", options));
          }};
}

}  // namespace skipbench
