// Networks that turn pictures or clips into feature vectors, for Frechet distances and the like.
//
//   name in a config or on the command line   weights                           dimension        of
//   fashion                                   shipped (datasets/fashion_scenes) 128              pictures
//   inception:clean[:LAYER]                   inception_v3_fid.safetensors      2048             pictures
//   inception:legacy_tf[:LAYER]               "                                 2048             pictures
//   inception:pytorch_fid[:LAYER]             "                                 2048             pictures
//   i3d                                       i3d_k400.safetensors              400              clips
//   motion                                    none (see clip_motion.h)          9                clips
//   torchscript:PATH, _01:PATH, _11:PATH      PATH (see torchscript.h)          what it gives    pictures or clips
//
// LAYER: pool3 (default, 2048), 64, 192, 768 (after the first and second max pool and Mixed_6e), spatial (the first 7
// channels of Mixed_6e's places, 2023: sFID), logits (1008), logits_unbiased.
#pragma once

#include <ATen/core/Tensor.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "harness/base/error.h"

namespace skipbench {

// A metric's weights are not where they are looked for. The reason names the file, the places, and how to get it; the
// message begins with who wants them ("lpips:alex"). A caller that was told so (--allow-missing) may go on without the
// metric; nothing else stands in for it.
class MissingWeightsError : public Error {
 public:
  MissingWeightsError(const std::string& wanted_by, const std::string& reason)
      : Error(wanted_by + ": " + reason), wanted_by_(wanted_by), reason_(reason) {}
  const std::string& wanted_by() const { return wanted_by_; }
  const std::string& reason() const { return reason_; }

 private:
  std::string wanted_by_, reason_;
};

// What a network is, for provenance; two sets of features are comparable only if all of it is equal.
struct FeatureNetworkInfo {
  std::string name;           // as above, with the layer: "inception:clean:pool3"
  std::string network;        // "inception_v3_fid", "i3d_k400", "feature_net", "clip_motion", "torchscript"
  std::string preprocessing;  // "clean", "legacy_tf", "pytorch_fid", "fvd", "unit" ([-1, 1]), "file" (the TorchScript
                              // file's own)
  int64_t dimension = 0;
  bool clips = false;  // takes clips [n, T, 3, H, W]; else pictures [n, 3, H, W]
  std::filesystem::path weights = {};
  std::string weights_sha256 = {};
  int64_t batch = 8;  // samples to hand over at once: enough to be efficient, little enough to fit into memory
};

class FeatureNetwork {
 public:
  virtual ~FeatureNetwork() = default;
  const FeatureNetworkInfo& info() const { return info_; }

  // uint8 RGB on the CPU: pictures [n, 3, H, W] or clips [n, T, 3, H, W], of any size (within one call the same) ->
  // float32 [n, dimension] on the CPU, contiguous. A sample's features do not depend on the others in the batch. Throws
  // Error for another type or rank, clips that are too short, and features that are not finite.
  at::Tensor Features(const at::Tensor& pictures) const;

 protected:
  explicit FeatureNetwork(FeatureNetworkInfo info) : info_(std::move(info)) {}
  // The input has passed the checks.
  virtual at::Tensor Compute(const at::Tensor& pictures) const = 0;
  FeatureNetworkInfo info_;
};

// Where weights are looked for, in this order: `weights` in FeatureNetworkOptions; the folders of the environment
// variable SKIPBENCH_METRIC_WEIGHTS (separated by ":"); for the shipped network also beside the program's sources.
struct FeatureNetworkOptions {
  std::vector<std::filesystem::path> weights;  // folders
  std::filesystem::path shipped = {};          // folder that holds feature_net.safetensors
};

// Throws Error for an unknown name (listing the known ones), MissingWeightsError, and Error for weights that do not
// fit.
std::unique_ptr<FeatureNetwork> OpenFeatureNetwork(const std::string& name, const FeatureNetworkOptions& options = {});

// The file of a network's weights, without opening it; empty: it needs none. Throws as OpenFeatureNetwork does.
std::filesystem::path FindFeatureNetworkWeights(const std::string& name, const FeatureNetworkOptions& options = {});

// Whether a network of this name takes clips, as far as its name says; of a TorchScript file only opening it does.
bool TakesClips(const std::string& name);

// FILE in the first of the folders that has it. Throws MissingWeightsError; `wanted_by` ("lpips:alex") and `how` (a
// command) go into the message.
std::filesystem::path FindMetricWeights(const std::string& file, const FeatureNetworkOptions& options,
                                        const std::string& wanted_by, const std::string& how);

}  // namespace skipbench
