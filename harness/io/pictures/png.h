// PNG files.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>

#include "harness/io/pictures/image.h"

namespace skipbench {

// RGB, with grey, palette, 1-, 2- and 4-bit pictures and transparency converted as PIL's Image.convert("RGB") does
// (transparency is dropped, not blended; gamma and colour profiles are ignored). Of 16 bits per channel the upper 8 are
// taken, but grey pictures of 16 bits are cut off at 255, as PIL does (they come out almost white). Truncated and
// broken files are Errors that name `origin`.
Image DecodePng(std::span<const std::byte> bytes, const std::string& origin);
// R, G, B, A (channels 4): what a frame of an animation is drawn with.
Image DecodePngWithAlpha(std::span<const std::byte> bytes, const std::string& origin);

// A file's bytes; `origin` names it in messages.
std::string EncodePng(const Image& image, const std::string& origin, int level = 6);

// Writes RGB or grey (channels 1), atomically. Lossless; `level` is zlib's 1 (fast) to 9 (small).
void WritePng(const std::filesystem::path& path, const Image& image, int level = 6);

}  // namespace skipbench
