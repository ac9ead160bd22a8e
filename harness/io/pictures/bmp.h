// Windows and OS/2 bitmaps, read only. Debian has no small library that reads them and is fit for files of strangers.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "harness/io/pictures/image.h"

namespace skipbench {

// RGB as PIL's convert("RGB"): 1, 4 and 8 bits with a palette (also run-length encoded), 16 bits (555 and 565), 24 and
// 32 (transparency is dropped). Others are refused by name; truncated and broken files are Errors that name `origin`.
Image DecodeBmp(std::span<const std::byte> bytes, const std::string& origin);

}  // namespace skipbench
