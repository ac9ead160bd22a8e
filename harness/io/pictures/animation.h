// Clips in one file: animated PNG and GIF, and videos where skipbench was built with libav.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "harness/io/pictures/image.h"

namespace skipbench {

// What is refused: more frames than that in a clip, or more bytes of pixels.
constexpr int64_t kMaxFrames = 1 << 16;
constexpr int64_t kMaxClipBytes = int64_t{1} << 31;

// Frames on their way out of a decoder, within the bounds.
class FrameList {
 public:
  // `most`: no more frames are wanted; 0: all.
  FrameList(int64_t most, const std::string& origin) : most_(most), origin_(origin) {}
  bool Full() const { return most_ > 0 && static_cast<int64_t>(frames_.size()) >= most_; }
  // Throws Error naming the origin beyond the bounds, and for a frame of another size than the first.
  void Add(Image frame);
  // Throws Error naming the origin when there are none.
  std::vector<Image> Take();

 private:
  int64_t most_, bytes_ = 0;
  const std::string& origin_;
  std::vector<Image> frames_;
};

// Whether a file is an animated PNG or GIF: one of several frames. Anything else, also what is broken, is none.
bool IsAnimation(std::span<const std::byte> bytes);

// RGB, all of one size: the frames of an animated PNG or GIF as a viewer shows them, or of a file with a video's name
// (KindByName) the frames of its first video stream. `most`: no more than the first so many; 0: all. Throws Error
// naming the file.
std::vector<Image> ReadAnimation(const std::filesystem::path& path, int64_t most = 0);

}  // namespace skipbench
