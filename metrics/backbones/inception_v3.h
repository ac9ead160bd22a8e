// The Inception v3 of FID: TensorFlow's of 2015-12-05 as ported by pytorch-fid (pt_inception-2015-12-05). torchvision's
// Inception v3 with 1008 outputs, changed: average pools in Mixed_5b..6e and 7b count only real pixels, Mixed_7c pools
// the maximum.
#pragma once

#include <memory>
#include <string>

#include "metrics/backbones/feature_network.h"
#include "metrics/backbones/resize.h"

namespace skipbench {

enum class InceptionLayer {
  kPool3,           // 2048: mean over the places after Mixed_7c
  k64,              // mean over the places after the first max pool
  k192,             // after the second
  k768,             // after Mixed_6e
  kSpatial,         // 2023: the first 7 channels of Mixed_6e's 17x17 places (sFID; Nash et al. 2021, arXiv 2103.03841)
  kLogits,          // 1008: pool3 fc^T + bias
  kLogitsUnbiased,  // 1008: without bias
};

class InceptionV3 : public FeatureNetwork {
 public:
  // inception_v3_fid.safetensors (scripts/convert/metric_weights.py); throws Error listing what does not fit.
  InceptionV3(const std::filesystem::path& weights, FidPreprocessing preprocessing,
              InceptionLayer layer = InceptionLayer::kPool3);
  ~InceptionV3() override;

  // Of pictures that are scaled already: float32 [n, 3, 299, 299] -> [n, d].
  at::Tensor Forward(const at::Tensor& input, InceptionLayer layer) const;

 protected:
  at::Tensor Compute(const at::Tensor& pictures) const override;

 private:
  struct Network;
  FidPreprocessing preprocessing_;
  InceptionLayer layer_;
  std::unique_ptr<Network> network_;
};

// "pool3", "64", ...; throws Error for another name, listing the known ones.
InceptionLayer ParseInceptionLayer(const std::string& name, const std::string& where);

}  // namespace skipbench
