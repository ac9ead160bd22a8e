// JPEG files, read only.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>

#include "harness/io/image.h"

namespace skipbench {

// RGB; grey is replicated. CMYK and YCCK are refused by name; truncated and broken files are Errors that name the file.
// Decoded as libjpeg does by default (slow integer DCT, fancy up-sampling), which is what PIL shows.
Image ReadJpeg(const std::filesystem::path& path);
Image DecodeJpeg(std::span<const std::byte> bytes, const std::string& origin);

}  // namespace skipbench
