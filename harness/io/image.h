// A picture in memory and the readers that give one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
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

// Reads PNG, JPEG or WebP by its content (not its name). Throws Error naming the file.
Image ReadImage(const std::filesystem::path& path);
// The same from memory; `origin` is named in errors.
Image DecodeImage(std::span<const std::byte> bytes, const std::string& origin);

// Whether the name ends in .png, .jpg, .jpeg or .webp.
bool IsImageName(const std::filesystem::path& path);

}  // namespace skipbench
