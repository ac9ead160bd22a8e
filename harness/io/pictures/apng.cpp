#include "harness/io/pictures/apng.h"

#include <zlib.h>

#include <cmath>
#include <string>
#include <string_view>

#include "harness/base/error.h"
#include "harness/io/files/atomic_file.h"
#include "harness/io/pictures/png.h"

namespace skipbench {

namespace {

constexpr size_t kSignature = 8, kHeaderChunk = 8 + 13 + 4;  // IHDR: length, type, 13 bytes, CRC

std::string BigEndian(uint64_t value, int bytes) {
  std::string text;
  for (int i = bytes - 1; i >= 0; --i) text += static_cast<char>(value >> (8 * i) & 0xFF);
  return text;
}

uint32_t ReadBigEndian(std::string_view bytes) {
  uint32_t value = 0;
  for (int i = 0; i < 4; ++i) value = value << 8 | static_cast<uint8_t>(bytes[i]);
  return value;
}

void AppendChunk(std::string* file, const std::string& type, const std::string& data) {
  const std::string body = type + data;
  *file += BigEndian(static_cast<uint32_t>(data.size()), 4) + body;
  *file += BigEndian(
      static_cast<uint32_t>(crc32(0, reinterpret_cast<const Bytef*>(body.data()), static_cast<uInt>(body.size()))), 4);
}

// The compressed picture of a PNG file: the data of its IDAT chunks, one after the other.
std::string PictureData(std::string_view png) {
  std::string data;
  for (size_t at = kSignature; at + 12 <= png.size();) {
    const size_t length = ReadBigEndian(png.substr(at, 4));
    if (png.substr(at + 4, 4) == "IDAT") data += png.substr(at + 8, length);
    at += 12 + length;
  }
  return data;
}

std::string FrameControl(uint32_t sequence, const Image& frame, double fps) {
  const auto side = [](int n) { return BigEndian(static_cast<uint32_t>(n), 4); };
  const std::string offset = BigEndian(0, 8);
  // The delay is a fraction of two 16-bit numbers: thousandths of a second.
  const std::string delay = BigEndian(static_cast<uint32_t>(std::lround(1000 / fps)), 2) + BigEndian(1000, 2);
  return BigEndian(sequence, 4) + side(frame.width) + side(frame.height) + offset + delay + BigEndian(0, 2);
}

}  // namespace

void WriteApng(const std::filesystem::path& path, std::span<const Image> frames, double fps) {
  if (frames.empty()) Fail("{}: no frames to write", path.string());
  if (!(fps > 0.1 && fps <= 1000))
    Fail("{}: {} frames per second cannot be written; 0.1 to 1000 can", path.string(), fps);
  std::string file;
  uint32_t sequence = 0;
  for (size_t k = 0; k < frames.size(); ++k) {
    const Image& frame = frames[k];
    if (frame.width != frames[0].width || frame.height != frames[0].height || frame.channels != frames[0].channels)
      Fail("{}: frame {} has {} x {} pixels, the first one {} x {}", path.string(), k, frame.width, frame.height,
           frames[0].width, frames[0].height);
    const std::string png = EncodePng(frame, path.string());
    if (k == 0) {
      file = png.substr(0, kSignature + kHeaderChunk);
      AppendChunk(&file, "acTL", BigEndian(static_cast<uint32_t>(frames.size()), 4) + BigEndian(0, 4));
    }
    AppendChunk(&file, "fcTL", FrameControl(sequence++, frame, fps));
    if (k == 0) {
      AppendChunk(&file, "IDAT", PictureData(png));
    } else {
      AppendChunk(&file, "fdAT", BigEndian(sequence++, 4) + PictureData(png));
    }
  }
  AppendChunk(&file, "IEND", "");
  WriteFileAtomically(path, file);
}

}  // namespace skipbench
