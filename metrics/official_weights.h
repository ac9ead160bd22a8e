// The files from which the weights of the metrics' networks are made, as their authors publish them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace skipbench {

struct OfficialWeights {
  std::string target;  // what a metric looks for: "inception_v3_fid.safetensors"
  std::string file;    // what is published
  int64_t bytes = 0;   // its size
  std::string sha256;  // its hash, hexadecimal
  std::string source;  // where it is published
};

// In the order of metrics/README.md.
const std::vector<OfficialWeights>& OfficialMetricWeights();
// The one that `target` is made from; null where it is not published.
const OfficialWeights* FindOfficialWeights(const std::string& target);

// "alexnet-owt-7be5be79.pth (244,408,911 bytes, SHA-256 7be5..., torchvision: ...)".
std::string Describe(const OfficialWeights& weights);

}  // namespace skipbench
