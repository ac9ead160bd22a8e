// How a picture becomes the 299x299 input of Inception: three ways that are in use, each a FID of its own (Parmar et
// al. 2022, arXiv 2104.11222), and the 224x224 clips of FVD.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace skipbench {

enum class FidPreprocessing {
  kClean,  // clean-fid: Pillow's bicubic filter (antialiased) on float32 per channel, clipped to [0, 255], not rounded
  kLegacyTf,    // TensorFlow 1's bilinear interpolation: no half-pixel shift, no antialiasing; range [0, 255]
  kPytorchFid,  // pytorch-fid: bilinear, half-pixel shift, no antialiasing; of x / 255, range [0, 1]
};
const char* FidPreprocessingName(FidPreprocessing preprocessing);  // "clean", "legacy_tf", "pytorch_fid"

// uint8 [n, C, H, W] on the CPU -> float32 [n, C, side, side] in the range named above.
at::Tensor ResizeForFid(const at::Tensor& pictures, FidPreprocessing preprocessing, int64_t side = 299);

// The network's input, about [-1, 1]: (x - 128) / 128, of pytorch_fid 2 x - 1. Written in place.
at::Tensor ScaleForInception(at::Tensor resized, FidPreprocessing preprocessing);

// StyleGAN-V's FVD: uint8 clips [n, T, 3, H, W] -> float32 [n, 3, T, 224, 224] in [-1, 1]. The short side becomes 224,
// the other ceil(side * 224 / short); bilinear without antialiasing; the centre is cut out.
at::Tensor PreprocessForFvd(const at::Tensor& clips);

}  // namespace skipbench
