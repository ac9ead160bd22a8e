// The shipped feature network of the fashion-scenes model (datasets/fashion_scenes/README.md): its 128 features give
// the Frechet distance `fd_fashion`, its 80 outputs the `caption_accuracy`. Neither is FID or a CLIP score, nor
// comparable with one.
#pragma once

#include <string>
#include <vector>

#include "metrics/backbones/conv_unit.h"
#include "metrics/backbones/feature_network.h"

namespace skipbench {

class FashionNet : public FeatureNetwork {
 public:
  explicit FashionNet(const std::filesystem::path& weights);

  struct Outputs {
    at::Tensor features;  // float32 [n, 128]
    at::Tensor logits;    // float32 [n, 80]: a pair is present where its logit is above 0
  };
  // Of uint8 pictures [n, 3, 64, 64]; both from one pass.
  Outputs Forward(const at::Tensor& pictures) const;

  // "red sneaker", ... in the order of the logits.
  const std::vector<std::string>& labels() const { return labels_; }
  // The logits that a caption asks for ("a red sneaker and a blue bag"). Throws Error for one that names something
  // else.
  std::vector<int64_t> PairsOf(const std::string& caption) const;
  // Share of the caption's pairs that are present, in [0, 1]; `logits`: [80] of one picture.
  double CaptionAccuracy(const at::Tensor& logits, const std::string& caption) const;

 protected:
  at::Tensor Compute(const at::Tensor& pictures) const override;

 private:
  std::vector<std::string> labels_;
  std::vector<ConvUnit> trunk_;
  ConvUnit head_;
};

}  // namespace skipbench
