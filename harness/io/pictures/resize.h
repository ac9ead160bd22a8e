// Resizing pictures of 8 bits exactly as Pillow's Image.resize does.
#pragma once

#include "harness/io/pictures/image.h"

namespace skipbench {

enum class ResizeFilter { kBox, kBilinear };

// One axis after the other, first along lines, an axis that keeps its size skipped; weights rounded to multiples of
// 2^-22, 8 bits between the two passes. Error for a size that is not positive or too large.
Image Resize(const Image& image, int width, int height, ResizeFilter filter);

// What diffusers' I2VGenXLPipeline does to a start image (_center_crop_wide): box-resized so that it just covers width
// x height, then cropped about the middle. The scaled picture may be one pixel short; the row or column outside is
// black.
struct WideCrop {
  Image scaled, cropped;
  int left = 0, top = 0;  // of the crop in `scaled`; -1 where that is one pixel short
};
WideCrop CropWide(const Image& image, int width, int height);

}  // namespace skipbench
