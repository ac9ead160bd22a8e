// EXIF (CIPA DC-008): which side of a photograph is up.
#pragma once

#include <cstddef>
#include <span>

namespace skipbench {

// The tag Orientation (0x0112) of a JPEG (APP1), PNG (eXIf) or WebP (EXIF) file, 1 to 8; 1 where there is none, or a
// broken one.
int ExifOrientation(std::span<const std::byte> file);

}  // namespace skipbench
