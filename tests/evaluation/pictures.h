// Pictures and folders for tests of metrics.
#pragma once

#include <ATen/ATen.h>

#include <filesystem>

#include "harness/io/pictures/png.h"

namespace skipbench::testing {

// uint8 [3, H, W] that differs with the seed.
inline at::Tensor MakePicture(int seed, int64_t height = 24, int64_t width = 20) {
  const at::Tensor ramp = at::arange(3 * height * width).reshape({3, height, width});
  return ((ramp * (7 + 2 * seed) + seed * 13) % 251).to(at::kByte);
}

inline void WritePicture(const std::filesystem::path& path, const at::Tensor& picture) {
  const at::Tensor pixels = picture.permute({1, 2, 0}).contiguous();
  Image image;
  image.height = static_cast<int>(pixels.size(0));
  image.width = static_cast<int>(pixels.size(1));
  image.pixels.assign(pixels.const_data_ptr<uint8_t>(), pixels.const_data_ptr<uint8_t>() + pixels.numel());
  std::filesystem::create_directories(path.parent_path());
  WritePng(path, image);
}

}  // namespace skipbench::testing
