// Videos (MP4, AVI, ...) through libav (FFmpeg's libraries), where skipbench was built with it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "harness/io/pictures/image.h"

namespace skipbench {

// Whether this build can.
bool CanReadVideos();

// The frames of the first video stream in the order in which they are shown, RGB by swscale (bicubic chroma, the
// stream's own matrix and range; BT.601 where it names none), all of one size. `most`: no more than the first so many;
// 0: all. Throws Error naming the file: what libav complains about (truncated files among it), no video stream, and in
// a build without libav.
std::vector<Image> ReadVideo(const std::filesystem::path& path, int64_t most = 0);

}  // namespace skipbench
