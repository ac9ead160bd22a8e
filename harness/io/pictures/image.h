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
  int channels = 3;             // R, G, B
  std::vector<uint8_t> pixels;  // [height, width, channels], 0..255

  // Takes the memory of a picture of that size, black.
  void Resize(int64_t new_width, int64_t new_height, int new_channels = 3) {
    *this = {static_cast<int>(new_width), static_cast<int>(new_height), new_channels, {}};
    pixels.resize(static_cast<size_t>(new_width) * static_cast<size_t>(new_height) * static_cast<size_t>(channels));
  }
  // The channels of a pixel, one after the other.
  uint8_t* Pixel(int64_t x, int64_t y) { return pixels.data() + (y * width + x) * channels; }
  const uint8_t* Pixel(int64_t x, int64_t y) const { return pixels.data() + (y * width + x) * channels; }
};

// What is refused before any memory is taken for it: nobody's picture is larger, but a broken or hostile header may say
// so.
constexpr int kMaxImageSide = 1 << 16;
constexpr int64_t kMaxImagePixels = int64_t{1} << 28;
// Throws Error that begins with `origin` for sides that are not positive, or more than that.
void CheckImageSize(int64_t width, int64_t height, const std::string& origin);

// Reads PNG, JPEG, WebP, BMP, PNM (PBM, PGM, PPM), TIFF or GIF by its content (not its name): the pixels of PIL's
// Image.open(path).convert("RGB"). A picture's EXIF orientation is not heeded (but a TIFF's is, as in PIL). Throws
// Error naming the file, also for animations: animation.h reads those.
Image ReadImage(const std::filesystem::path& path);
// The same from memory; `origin` is named in errors.
Image DecodeImage(std::span<const std::byte> bytes, const std::string& origin);

// EXIF's tag Orientation (0x0112) of a JPEG (APP1), PNG (eXIf) or WebP (EXIF) file, 1 to 8; 1 where there is none, or a
// broken one.
int ExifOrientation(std::span<const std::byte> file);
// A picture turned upright by the EXIF orientation of a JPEG, PNG or WebP file, as PIL's ImageOps.exif_transpose does.
Image ReadUprightImage(const std::filesystem::path& path);
// Turns by one of EXIF's orientations, 1 to 8; others leave the picture as it is.
Image Turn(Image image, int orientation);

// Of inks C, M, Y, K as PIL's convert("RGB"): 255 is all of the ink, no colour profile. Writes 3 bytes.
void CmykToRgb(int c, int m, int y, int k, uint8_t* rgb);

enum class FileKind {
  kOther,       // no picture by its name
  kPicture,     // .png, .jpg, .webp, ...: what ReadImage reads
  kUnreadable,  // a picture or a raw photograph in a format that is not read: .avif, .heic, .jp2, ...
  kVideo,       // .mp4, .avi, .mov, .mkv, .webm, .m4v
};
// By the name's extension, in any case.
FileKind KindByName(const std::filesystem::path& path);
// ".png, .jpg, ...": what KindByName takes for pictures, for messages.
std::string PictureExtensions();

}  // namespace skipbench
