// Animated PNG files: lossless, and shown by every browser.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "harness/io/pictures/image.h"

namespace skipbench {

// Whether a PNG file has more than one frame.
bool IsApng(std::span<const std::byte> bytes);

// The frames as a viewer shows them, each of the whole canvas, as RGB (transparency is dropped from what was drawn, as
// PIL's convert("RGB") does). `most`: no more than so many; 0: all. Throws Error naming `origin` for broken files and
// missing frames.
std::vector<Image> DecodeApng(std::span<const std::byte> bytes, int64_t most, const std::string& origin);

// Frames of one size, shown for 1 / fps seconds each, again and again. A viewer that does not know animations shows the
// first. Written atomically. Error for no frames, frames that differ in size, or fps outside (0.1, 1000].
void WriteApng(const std::filesystem::path& path, std::span<const Image> frames, double fps);

}  // namespace skipbench
