// TIFF pictures through libtiff, read only.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "harness/io/pictures/image.h"

namespace skipbench {

bool IsTiff(std::span<const std::byte> bytes);

// RGB of the first page as PIL's convert("RGB"): grey (1 to 8 bits; 16 bits are cut off at 255, as PIL does), palettes,
// RGB and CMYK of 8 and 16 bits (the upper 8), JPEG inside; transparency is dropped, not blended; turned by the tag
// Orientation, which PIL heeds in TIFF only. Floating point, CIE Lab, YCbCr without JPEG and the like are refused by
// name; truncated and broken files are Errors that name `origin`.
Image DecodeTiff(std::span<const std::byte> bytes, const std::string& origin);

}  // namespace skipbench
