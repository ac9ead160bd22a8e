// MP4 files through libav (FFmpeg's libraries), where skipbench was built with it.
#pragma once

#include <filesystem>
#include <span>

#include "harness/io/pictures/image.h"

namespace skipbench {

// Whether this build can.
bool CanWriteMp4();

// H.264 where libav has an encoder for it, else MPEG-4 part 2; lossy. Sides are rounded up to even numbers (the last
// column or row is repeated). Written beside and renamed. Error for no frames, frames that differ in size, what libav
// complains about, and in a build without libav.
void WriteMp4(const std::filesystem::path& path, std::span<const Image> frames, double fps);

}  // namespace skipbench
