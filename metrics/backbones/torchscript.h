// Feature networks in TorchScript files, as people have them for FID and FVD. The file's code is run: it can do nothing
// but tensor arithmetic, but use files you trust.
//
// The call follows from the names of forward()'s arguments:
//   return_features   True (StyleGAN's inception-2015-12-05.pt and i3d_torchscript.pt)
//   rescale, resize   the network is one of clips [n, 3, T, H, W] and preprocesses them itself: True if it gets bytes
//   anything else     its default, without one an error
// A tuple's or list's first element is taken.
#pragma once

#include <filesystem>
#include <memory>

#include "metrics/backbones/feature_network.h"

namespace skipbench {

// What the network is given: as the prefix of the name says.
enum class TorchScriptInput {
  kBytes,          // "torchscript": the bytes, 0..255, as uint8 (what StyleGAN's files take)
  kZeroToOne,      // "torchscript_01": float32 in [0, 1]
  kMinusOneToOne,  // "torchscript_11": float32 in [-1, 1]
};
const char* TorchScriptInputName(TorchScriptInput input);

// Throws MissingWeightsError when there is no such file, Error when it is not a TorchScript archive or its forward()
// cannot be called so. info().dimension is 0: the first batch shows it. Features() throws Error, naming the file, when
// the network fails, and when what it gives is not one vector per sample.
std::unique_ptr<FeatureNetwork> OpenTorchScript(const std::filesystem::path& path,
                                                TorchScriptInput input = TorchScriptInput::kBytes);

}  // namespace skipbench
