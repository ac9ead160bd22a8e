// Animated PNG files of others.
#pragma once

#include <cstddef>
#include <cstdint>
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

}  // namespace skipbench
