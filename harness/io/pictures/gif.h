// GIF pictures and animations through giflib, read only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "harness/io/pictures/image.h"

namespace skipbench {

// RGB of a GIF's only picture, as PIL's convert("RGB"): a transparent pixel has its palette's colour. Truncated and
// broken files are Errors that name `origin`.
Image DecodeGif(std::span<const std::byte> bytes, const std::string& origin);

// The frames of an animation as a viewer shows them one after the other, each of the whole canvas: what PIL's
// ImageSequence and convert("RGB") give. `most`: no more than so many; 0: all.
std::vector<Image> DecodeGifFrames(std::span<const std::byte> bytes, int64_t most, const std::string& origin);

}  // namespace skipbench
