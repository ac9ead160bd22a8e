// JPEG files, read only.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "harness/io/pictures/image.h"

namespace skipbench {

// RGB; grey is replicated, CMYK and YCCK become RGB as PIL's convert("RGB") makes them (inverted inks, no colour
// profile). Truncated and broken files are Errors that name `origin`; libjpeg's warnings that change no pixel are none.
// Decoded as libjpeg does by default (slow integer DCT, fancy up-sampling), which is what PIL shows.
Image DecodeJpeg(std::span<const std::byte> bytes, const std::string& origin);

}  // namespace skipbench
