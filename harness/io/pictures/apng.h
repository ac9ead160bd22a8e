// Animated PNG files: lossless, and shown by every browser.
#pragma once

#include <filesystem>
#include <span>

#include "harness/io/pictures/image.h"

namespace skipbench {

// Frames of one size, shown for 1 / fps seconds each, again and again. A viewer that does not know animations shows the
// first. Written atomically. Error for no frames, frames that differ in size, or fps outside (0.1, 1000].
void WriteApng(const std::filesystem::path& path, std::span<const Image> frames, double fps);

}  // namespace skipbench
