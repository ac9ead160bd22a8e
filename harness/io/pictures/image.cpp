#include "harness/io/pictures/image.h"

#include <algorithm>
#include <string_view>

#include <fmt/ranges.h>
#include <webp/decode.h>

#include "harness/base/text.h"
#include "harness/io/files/byte_reader.h"
#include "harness/io/files/mapped_file.h"
#include "harness/io/pictures/animation.h"
#include "harness/io/pictures/bmp.h"
#include "harness/io/pictures/gif.h"
#include "harness/io/pictures/jpeg.h"
#include "harness/io/pictures/png.h"
#include "harness/io/pictures/pnm.h"
#include "harness/io/pictures/tiff.h"

namespace skipbench {
namespace {

constexpr std::string_view kPictures[] = {".png", ".apng", ".jpg", ".jpeg", ".jpe", ".jfif", ".webp", ".bmp",
                                          ".dib", ".ppm",  ".pgm", ".pbm",  ".pnm", ".tif",  ".tiff", ".gif"};
constexpr std::string_view kUnreadable[] = {".avif", ".heic", ".heif", ".jp2", ".j2k", ".j2c", ".jpf",  ".jpx", ".jxl",
                                            ".jxr",  ".tga",  ".psd",  ".exr", ".hdr", ".pfm", ".pam",  ".pcx", ".qoi",
                                            ".ico",  ".dds",  ".dng",  ".cr2", ".nef", ".arw", ".svg",  ".xpm", ".sgi",
                                            ".mpo",  ".cr3",  ".raf",  ".rw2", ".orf", ".hif", ".icns", ".ras", ".yuv"};
constexpr std::string_view kVideos[] = {".mp4", ".avi", ".mov", ".mkv", ".webm", ".m4v",  ".mpg", ".mpeg",
                                        ".wmv", ".flv", ".ogv", ".3gp", ".mts",  ".m2ts", ".vob", ".y4m"};

bool Has(std::span<const std::string_view> list, const std::string& extension) {
  return std::find(list.begin(), list.end(), extension) != list.end();
}

// LSUN's databases hold them. RGB; transparency is dropped.
Image DecodeWebp(std::span<const std::byte> bytes, const std::string& origin) {
  const auto* data = reinterpret_cast<const uint8_t*>(bytes.data());
  WebPBitstreamFeatures features;
  if (WebPGetFeatures(data, bytes.size(), &features) != VP8_STATUS_OK)
    Fail("{}: not a WebP picture, or a broken one", origin);
  if (features.has_animation) Fail("{}: an animated WebP file, expected a picture", origin);
  CheckImageSize(features.width, features.height, origin);
  Image image;
  image.Resize(features.width, features.height);
  if (!WebPDecodeRGBInto(data, bytes.size(), image.pixels.data(), image.pixels.size(), image.width * 3))
    Fail("{}: the WebP picture is truncated or broken", origin);
  return image;
}

// EXIF (CIPA DC-008).
constexpr uint32_t kOrientation = 0x0112;
constexpr std::string_view kExif("Exif\0\0", 6);

// Of a block in TIFF's structure, with or without "Exif\0\0" in front.
int OrientationOf(std::span<const std::byte> block) {
  if (HoldsAt(block, 0, kExif)) block = block.subspan(kExif.size());
  const bool big = HoldsAt(block, 0, "MM");
  const ByteReader in(block, "EXIF", big);
  if ((!big && !in.Holds(0, "II")) || in.U16(2) != 42) return 1;
  const uint64_t directory = in.U32(4);
  const uint64_t entries = in.U16(directory);
  for (uint64_t i = 0; i < entries; ++i) {
    const uint64_t entry = directory + 2 + 12 * i;
    if (in.U16(entry) != kOrientation) continue;
    const uint32_t type = in.U16(entry + 2), value = type == 4 ? in.U32(entry + 8) : in.U16(entry + 8);
    return value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
  }
  return 1;
}

int OfJpeg(const ByteReader& in) {
  for (uint64_t at = 2; in.Byte(at) == 0xFF;) {
    const int marker = in.Byte(at + 1);
    if (marker == 0xFF) {  // padding
      ++at;
      continue;
    }
    if (marker == 0xDA || marker == 0xD9) break;
    const uint64_t length = in.U16(at + 2);
    if (marker == 0xE1 && in.Holds(at + 4, kExif) && length > 8) return OrientationOf(in.Part(at + 4, length - 2));
    at += 2 + length;
  }
  return 1;
}

int OfPng(const ByteReader& in) {
  for (uint64_t at = 8; at + 12 <= in.size();) {
    const uint64_t length = in.U32(at);
    if (in.Holds(at + 4, "eXIf")) return OrientationOf(in.Part(at + 8, length));
    at += 12 + length;
  }
  return 1;
}

int OfWebp(const ByteReader& in) {
  for (uint64_t at = 12; at + 8 <= in.size();) {
    const uint64_t length = in.U32(at + 4);
    if (in.Holds(at, "EXIF")) return OrientationOf(in.Part(at + 8, length));
    at += 8 + length + length % 2;
  }
  return 1;
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
  if (HoldsAt(bytes, 0, "\x89PNG")) return DecodePng(bytes, origin);
  if (HoldsAt(bytes, 0, "\xFF\xD8\xFF")) return DecodeJpeg(bytes, origin);
  if (HoldsAt(bytes, 0, "RIFF") && HoldsAt(bytes, 8, "WEBP")) return DecodeWebp(bytes, origin);
  if (HoldsAt(bytes, 0, "BM")) return DecodeBmp(bytes, origin);
  if (HoldsAt(bytes, 0, "GIF8")) return DecodeGif(bytes, origin);
  if (IsPnm(bytes)) return DecodePnm(bytes, origin);
  if (IsTiff(bytes)) return DecodeTiff(bytes, origin);
  Fail("{}: neither a PNG nor a JPEG, WebP, BMP, PNM, TIFF or GIF picture", origin);
}

int ExifOrientation(std::span<const std::byte> file) {
  const ByteReader big(file, "EXIF", /*big_endian=*/true), little(file, "EXIF");
  try {
    if (big.Holds(0, "\xFF\xD8")) return OfJpeg(big);
    if (big.Holds(0, "\x89PNG")) return OfPng(big);
    if (little.Holds(0, "RIFF") && little.Holds(8, "WEBP")) return OfWebp(little);
  } catch (const Error&) {
    // A broken block says nothing about the pixels.
  }
  return 1;
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
  Image turned;
  turned.Resize(swap ? image.height : image.width, swap ? image.width : image.height, image.channels);
  for (int y = 0; y < turned.height; ++y) {
    for (int x = 0; x < turned.width; ++x) {
      int from_x = swap ? y : x, from_y = swap ? x : y;
      if (orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8)
        from_x = image.width - 1 - from_x;
      if (orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7)
        from_y = image.height - 1 - from_y;
      std::copy_n(image.Pixel(from_x, from_y), image.channels, turned.Pixel(x, y));
    }
  }
  return turned;
}

FileKind KindByName(const std::filesystem::path& path) {
  const std::string extension = AsciiLower(path.extension().string());
  if (Has(kPictures, extension)) return FileKind::kPicture;
  if (Has(kVideos, extension)) return FileKind::kVideo;
  return Has(kUnreadable, extension) ? FileKind::kUnreadable : FileKind::kOther;
}

std::string PictureExtensions() { return fmt::format("{}", fmt::join(kPictures, ", ")); }

}  // namespace skipbench
