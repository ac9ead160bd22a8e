// I3D (Carreira and Zisserman 2017, arXiv 1705.07750): Inception v1 inflated to three dimensions, RGB, trained on
// Kinetics-400. Its 400 outputs before the softmax are the features of FVD (Unterthiner et al. 2018, arXiv 1812.01717),
// with StyleGAN-V's preprocessing.
#pragma once

#include <memory>

#include "metrics/backbones/feature_network.h"

namespace skipbench {

class I3d : public FeatureNetwork {
 public:
  // i3d_k400.safetensors with the names of pytorch-i3d (scripts/convert/metric_weights.py); throws Error listing what
  // does not fit.
  explicit I3d(const std::filesystem::path& weights);
  ~I3d() override;

  // Of clips that are preprocessed already: float32 [n, 3, T, 224, 224], T >= 10 -> [n, 400].
  at::Tensor Forward(const at::Tensor& input) const;

 protected:
  at::Tensor Compute(const at::Tensor& clips) const override;

 private:
  struct Network;
  std::unique_ptr<Network> network_;
};

}  // namespace skipbench
