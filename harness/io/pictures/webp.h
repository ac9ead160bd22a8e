// WebP pictures, read only: LSUN's databases hold them.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "harness/io/pictures/image.h"

namespace skipbench {

// RGB; transparency is dropped. Animations, truncated and broken files are Errors that name `origin`.
Image DecodeWebp(std::span<const std::byte> bytes, const std::string& origin);

}  // namespace skipbench
