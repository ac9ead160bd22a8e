// Netpbm's PBM, PGM and PPM, plain and raw (P1 to P6), read only. Debian has no library for them that returns from
// errors.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "harness/io/pictures/image.h"

namespace skipbench {

bool IsPnm(std::span<const std::byte> bytes);

// RGB as PIL's convert("RGB"): values are scaled from the file's maximum to 255; a PGM with a maximum above 255 is
// scaled to 65535 and cut off at 255, as PIL does (it comes out almost white). Throws Error naming `origin`.
Image DecodePnm(std::span<const std::byte> bytes, const std::string& origin);

}  // namespace skipbench
