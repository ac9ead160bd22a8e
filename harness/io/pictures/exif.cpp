#include "harness/io/pictures/exif.h"

#include <cstring>
#include <string>
#include <string_view>

#include "harness/io/files/byte_reader.h"

namespace skipbench {
namespace {

constexpr uint32_t kOrientation = 0x0112;

bool Is(const ByteReader& in, uint64_t at, std::string_view text) {
  return at + text.size() <= in.size() && std::memcmp(in.Part(at, text.size()).data(), text.data(), text.size()) == 0;
}

// Of a block in TIFF's structure, with or without "Exif\0\0" in front.
int OrientationOf(std::span<const std::byte> block) {
  static const std::string origin = "EXIF";
  if (Is(ByteReader(block, origin), 0, std::string_view("Exif\0\0", 6))) block = block.subspan(6);
  const bool big = Is(ByteReader(block, origin), 0, "MM");
  const ByteReader in(block, origin, big);
  if ((!big && !Is(in, 0, "II")) || in.U16(2) != 42) return 1;
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

int OfJpeg(std::span<const std::byte> file, const std::string& origin) {
  const ByteReader in(file, origin, true);
  for (uint64_t at = 2; in.Byte(at) == 0xFF;) {
    const int marker = in.Byte(at + 1);
    if (marker == 0xFF) {  // padding
      ++at;
      continue;
    }
    if (marker == 0xDA || marker == 0xD9) break;
    const uint64_t length = in.U16(at + 2);
    if (marker == 0xE1 && Is(in, at + 4, std::string_view("Exif\0\0", 6)) && length > 8)
      return OrientationOf(in.Part(at + 4, length - 2));
    at += 2 + length;
  }
  return 1;
}

int OfPng(std::span<const std::byte> file, const std::string& origin) {
  const ByteReader in(file, origin, true);
  for (uint64_t at = 8; at + 12 <= in.size();) {
    const uint64_t length = in.U32(at);
    if (Is(in, at + 4, "eXIf")) return OrientationOf(in.Part(at + 8, length));
    at += 12 + length;
  }
  return 1;
}

int OfWebp(std::span<const std::byte> file, const std::string& origin) {
  const ByteReader in(file, origin);
  for (uint64_t at = 12; at + 8 <= in.size();) {
    const uint64_t length = in.U32(at + 4);
    if (Is(in, at, "EXIF")) return OrientationOf(in.Part(at + 8, length));
    at += 8 + length + length % 2;
  }
  return 1;
}

}  // namespace

int ExifOrientation(std::span<const std::byte> file) {
  const std::string origin = "EXIF";
  const ByteReader in(file, origin);
  try {
    if (Is(in, 0, "\xFF\xD8")) return OfJpeg(file, origin);
    if (Is(in, 0, "\x89PNG")) return OfPng(file, origin);
    if (Is(in, 0, "RIFF") && Is(in, 8, "WEBP")) return OfWebp(file, origin);
  } catch (const Error&) {
    // A broken block says nothing about the pixels.
  }
  return 1;
}

}  // namespace skipbench
