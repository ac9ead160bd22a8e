// Videos through libav (FFmpeg's libraries), where skipbench was built with it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

#include "harness/io/pictures/image.h"

namespace skipbench {

// Whether this build can read and write videos.
bool HasLibav();

// The frames of the first video stream of a file (MP4, AVI, ...) in the order in which they are shown, RGB by swscale
// (bicubic chroma, the stream's own matrix and range; BT.601 where it names none), all of one size. `most`: no more
// than the first so many; 0: all. Throws Error naming the file: what libav complains about (truncated files among it),
// no video stream, and in a build without libav.
std::vector<Image> ReadVideo(const std::filesystem::path& path, int64_t most = 0);

// MP4: H.264 where libav has an encoder for it, else MPEG-4 part 2; lossy. Sides are rounded up to even numbers (the
// last column or row is repeated). Written beside and renamed. Error for no frames, frames that differ in size, what
// libav complains about, and in a build without libav.
void WriteMp4(const std::filesystem::path& path, std::span<const Image> frames, double fps);

}  // namespace skipbench
