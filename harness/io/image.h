// A picture in memory and the readers that give one.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

namespace skipbench {

struct Image {
  int width = 0;
  int height = 0;
  int channels = 3;                   // R, G, B
  std::vector<uint8_t> pixels;        // [height, width, channels], 0..255
};

// What is refused before any memory is taken for it: nobody's picture is larger, but a broken or hostile header may say so.
constexpr int kMaxImageSide = 1 << 16;
constexpr int64_t kMaxImagePixels = int64_t{1} << 28;

// Reads .png, .jpg or .jpeg by its content (not its name). Throws Error naming the file.
Image ReadImage(const std::filesystem::path& path);

// Whether the name ends in one of the extensions above.
bool IsImageName(const std::filesystem::path& path);

}  // namespace skipbench
