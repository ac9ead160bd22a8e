// LPIPS v0.1 (Zhang et al. 2018, arXiv 1801.03924): the distance of two pictures in the features of AlexNet or VGG-16,
// weighted by learned heads. Equal to the package `lpips` with net="alex" or "vgg".
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <string>
#include <vector>

#include "metrics/backbones/feature_network.h"
#include "metrics/metric.h"

namespace skipbench {

class Lpips {
 public:
  // `net`: "alex" or "vgg". Reads lpips_NET_features.safetensors (torchvision's alexnet or vgg16, names
  // features.N.weight) and lpips_v0.1_NET.safetensors (lpips' heads, names linK.model.1.weight) from the options'
  // folders; see scripts/convert/metric_weights.py. Throws Error for another net, MissingWeightsError, Error for
  // weights that do not fit.
  static std::unique_ptr<Lpips> Open(const std::string& net, const FeatureNetworkOptions& options = {});
  // The two files; MissingWeightsError names all that are missing.
  static std::vector<std::filesystem::path> FindWeights(const std::string& net, const FeatureNetworkOptions& options);
  ~Lpips();

  // Two batches of uint8 pictures [n, 3, H, W] of one shape, on the CPU -> float64 [n]; 0 for equal pictures. Throws
  // Error for anything else, and for sides too small for the network (below 31 for alex, 16 for vgg).
  at::Tensor Distance(const at::Tensor& pictures, const at::Tensor& references) const;
  // The five layers' parts: float64 [n, 5].
  at::Tensor Layers(const at::Tensor& pictures, const at::Tensor& references) const;
  // What the backbone gives of pictures, before normalisation: five maps [n, C, h, w].
  std::vector<at::Tensor> Taps(const at::Tensor& pictures) const;

 private:
  struct Network;
  Lpips();
  std::unique_ptr<Network> network_;
};

MetricType LpipsAlexMetric();
MetricType LpipsVggMetric();

}  // namespace skipbench
