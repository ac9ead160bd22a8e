#include "harness/io/pictures/image.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstring>
#include <string_view>

#include <fmt/ranges.h>

#include "harness/base/error.h"
#include "harness/io/files/mapped_file.h"
#include "harness/io/pictures/animation.h"
#include "harness/io/pictures/bmp.h"
#include "harness/io/pictures/exif.h"
#include "harness/io/pictures/gif.h"
#include "harness/io/pictures/jpeg.h"
#include "harness/io/pictures/png.h"
#include "harness/io/pictures/pnm.h"
#include "harness/io/pictures/tiff.h"
#include "harness/io/pictures/webp.h"

namespace skipbench {
namespace {

constexpr std::array<std::string_view, 16> kPictures = {".png",  ".apng", ".jpg",  ".jpeg", ".jpe", ".jfif",
                                                        ".webp", ".bmp",  ".dib",  ".ppm",  ".pgm", ".pbm",
                                                        ".pnm",  ".tif",  ".tiff", ".gif"};
constexpr std::array<std::string_view, 36> kUnreadable = {
    ".avif", ".heic", ".heif", ".jp2", ".j2k", ".j2c", ".jpf", ".jpx", ".jxl", ".jxr",  ".tga", ".psd",
    ".exr",  ".hdr",  ".pfm",  ".pam", ".pcx", ".qoi", ".ico", ".dds", ".dng", ".cr2",  ".nef", ".arw",
    ".svg",  ".xpm",  ".sgi",  ".mpo", ".cr3", ".raf", ".rw2", ".orf", ".hif", ".icns", ".ras", ".yuv"};
constexpr std::array<std::string_view, 16> kVideos = {".mp4", ".avi", ".mov", ".mkv", ".webm", ".m4v",  ".mpg", ".mpeg",
                                                      ".wmv", ".flv", ".ogv", ".3gp", ".mts",  ".m2ts", ".vob", ".y4m"};

template <size_t n>
bool Has(const std::array<std::string_view, n>& list, const std::string& extension) {
  return std::find(list.begin(), list.end(), extension) != list.end();
}

bool BeginsWith(std::span<const std::byte> bytes, std::string_view magic, size_t at = 0) {
  return bytes.size() >= at + magic.size() && std::memcmp(bytes.data() + at, magic.data(), magic.size()) == 0;
}

}  // namespace

void CheckImageSize(int64_t width, int64_t height, const std::string& origin) {
  if (width < 1 || height < 1) Fail("{}: a picture of {} x {} pixels", origin, width, height);
  if (width > kMaxImageSide || height > kMaxImageSide || width * height > kMaxImagePixels)
    Fail("{}: {} x {} pixels; at most {} are read", origin, width, height, kMaxImagePixels);
}

void CmykToRgb(int c, int m, int y, int k, uint8_t* rgb) {
  const int white = 255 - k;
  for (const int ink : {c, m, y}) {
    const int product = ink * white + 128;
    *rgb++ = static_cast<uint8_t>(std::max(0, white - (((product >> 8) + product) >> 8)));
  }
}

Image ReadImage(const std::filesystem::path& path) {
  const MappedFile file(path);
  return DecodeImage(file.bytes(), path.string());
}

Image DecodeImage(std::span<const std::byte> bytes, const std::string& origin) {
  if (IsAnimation(bytes)) Fail("{}: an animation, expected a picture (as a clip it can be read: --clips)", origin);
  if (BeginsWith(bytes, "\x89PNG")) return DecodePng(bytes, origin);
  if (BeginsWith(bytes, "\xFF\xD8\xFF")) return DecodeJpeg(bytes, origin);
  if (BeginsWith(bytes, "RIFF") && BeginsWith(bytes, "WEBP", 8)) return DecodeWebp(bytes, origin);
  if (BeginsWith(bytes, "BM")) return DecodeBmp(bytes, origin);
  if (BeginsWith(bytes, "GIF8")) return DecodeGif(bytes, origin);
  if (IsPnm(bytes)) return DecodePnm(bytes, origin);
  if (IsTiff(bytes)) return DecodeTiff(bytes, origin);
  Fail("{}: neither a PNG nor a JPEG, WebP, BMP, PNM, TIFF or GIF picture", origin);
}

Image ReadUprightImage(const std::filesystem::path& path) {
  const MappedFile file(path);
  return Turn(DecodeImage(file.bytes(), path.string()), ExifOrientation(file.bytes()));
}

// Orientation: where row 0 and column 0 of what is stored belong. 1 top left, 2 top right, 3 bottom right, 4 bottom
// left, 5 left top, 6 right top, 7 right bottom, 8 left bottom.
Image Turn(Image image, int orientation) {
  if (orientation < 2 || orientation > 8) return image;
  const bool swap = orientation >= 5;
  Image turned{swap ? image.height : image.width, swap ? image.width : image.height, image.channels, {}};
  turned.pixels.resize(image.pixels.size());
  const auto channels = static_cast<size_t>(image.channels);
  for (int y = 0; y < turned.height; ++y) {
    for (int x = 0; x < turned.width; ++x) {
      int from_x = swap ? y : x, from_y = swap ? x : y;
      if (orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8)
        from_x = image.width - 1 - from_x;
      if (orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7)
        from_y = image.height - 1 - from_y;
      const size_t from = static_cast<size_t>(from_y) * static_cast<size_t>(image.width) + static_cast<size_t>(from_x);
      const size_t to = static_cast<size_t>(y) * static_cast<size_t>(turned.width) + static_cast<size_t>(x);
      std::memcpy(turned.pixels.data() + to * channels, image.pixels.data() + from * channels, channels);
    }
  }
  return turned;
}

FileKind KindByName(const std::filesystem::path& path) {
  std::string extension = path.extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  if (Has(kPictures, extension)) return FileKind::kPicture;
  if (Has(kVideos, extension)) return FileKind::kVideo;
  return Has(kUnreadable, extension) ? FileKind::kUnreadable : FileKind::kOther;
}

std::string PictureExtensions() { return fmt::format("{}", fmt::join(kPictures, ", ")); }

}  // namespace skipbench
