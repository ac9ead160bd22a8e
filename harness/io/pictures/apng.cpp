#include "harness/io/pictures/apng.h"

#include <zlib.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <optional>
#include <string_view>

#include "harness/base/error.h"
#include "harness/io/files/atomic_file.h"
#include "harness/io/files/byte_reader.h"
#include "harness/io/pictures/animation.h"
#include "harness/io/pictures/png.h"

namespace skipbench {
namespace {

constexpr size_t kSignature = 8, kHeaderChunk = 8 + 13 + 4;  // IHDR: length, type, 13 bytes, CRC

struct Chunk {
  std::string_view type, data;
  std::string_view whole;  // with length and checksum
};

// The next chunk, from `at` on, which goes behind it.
Chunk NextChunk(const ByteReader& in, uint64_t* at) {
  const uint64_t length = in.U32(*at);
  const auto whole = in.Part(*at, 12 + length);
  const std::string_view text(reinterpret_cast<const char*>(whole.data()), whole.size());
  *at += 12 + length;
  return {text.substr(4, 4), text.substr(8, length), text};
}

uint32_t ReadBigEndian(std::string_view data, size_t at) {
  uint32_t value = 0;
  for (size_t i = 0; i < 4; ++i) value = value << 8 | static_cast<uint8_t>(data[at + i]);
  return value;
}

std::string BigEndian(uint32_t value) {
  std::string text;
  for (int shift = 24; shift >= 0; shift -= 8) text += static_cast<char>(value >> shift);
  return text;
}

void AppendChunk(std::string* file, std::string_view type, std::string_view data) {
  *file += BigEndian(static_cast<uint32_t>(data.size()));
  const size_t body = file->size();
  file->append(type).append(data);
  const auto* bytes = reinterpret_cast<const Bytef*>(file->data()) + body;
  *file += BigEndian(static_cast<uint32_t>(crc32_z(0, bytes, file->size() - body)));
}

// The compressed picture of a PNG file: the data of its IDAT chunks, one after the other.
std::string PictureData(const std::string& png) {
  const ByteReader in(std::as_bytes(std::span(png)), "PNG", true);
  std::string data;
  for (uint64_t at = kSignature; at < in.size();)
    if (const Chunk chunk = NextChunk(in, &at); chunk.type == "IDAT") data += chunk.data;
  return data;
}

// fcTL: the whole canvas, shown for 1 / fps seconds.
std::string FrameControl(uint32_t sequence, const Image& frame, double fps) {
  const auto number = [](auto n) { return BigEndian(static_cast<uint32_t>(n)); };
  // The delay is a fraction of two 16-bit numbers: thousandths of a second.
  const std::string delay = number(std::lround(1000 / fps) << 16 | 1000), no_offset(8, '\0'), plain(2, '\0');
  return number(sequence) + number(frame.width) + number(frame.height) + no_offset + delay + plain;
}

// fcTL: where a frame goes, and how.
struct Control {
  uint32_t width = 0, height = 0, x = 0, y = 0;
  int dispose = 0, blend = 0;
};

class Decoder {
 public:
  Decoder(std::span<const std::byte> bytes, int64_t most, const std::string& origin)
      : in_(bytes, origin, true), origin_(origin), frames_(most, origin) {}

  std::vector<Image> Decode() {
    for (uint64_t at = kSignature; at < in_.size() && !frames_.Full();) {
      const Chunk chunk = NextChunk(in_, &at);
      if (chunk.type == "IEND") break;
      if (chunk.type == "IHDR")
        ReadHeader(chunk);
      else if (chunk.type == "acTL" && chunk.data.size() >= 8)
        expected_ = ReadBigEndian(chunk.data, 0);
      else if (chunk.type == "fcTL")
        Begin(chunk);
      else if (chunk.type == "IDAT")
        picture_ += control_ ? chunk.data : std::string_view();  // a picture that is no frame
      else if (chunk.type == "fdAT" && chunk.data.size() > 4)
        picture_ += chunk.data.substr(4);
      else if (chunk.type == "PLTE" || chunk.type == "tRNS")
        shared_ += chunk.whole;
    }
    Finish();
    const bool full = frames_.Full();
    auto frames = frames_.Take();
    if (!full && frames.size() < expected_)
      Fail("{}: broken APNG: {} frames, its header says {} (is it truncated?)", origin_, frames.size(), expected_);
    return frames;
  }

 private:
  void ReadHeader(const Chunk& chunk) {
    if (chunk.data.size() != 13) Fail("{}: broken PNG: a header of {} bytes", origin_, chunk.data.size());
    header_ = chunk.data;
    CheckImageSize(ReadBigEndian(header_, 0), ReadBigEndian(header_, 4), origin_);
    canvas_ = {static_cast<int>(ReadBigEndian(header_, 0)), static_cast<int>(ReadBigEndian(header_, 4)), 4, {}};
  }

  void Begin(const Chunk& chunk) {
    Finish();
    if (chunk.data.size() != 26 || header_.empty()) Fail("{}: broken APNG: a frame's header is wrong", origin_);
    const Control control{ReadBigEndian(chunk.data, 4),
                          ReadBigEndian(chunk.data, 8),
                          ReadBigEndian(chunk.data, 12),
                          ReadBigEndian(chunk.data, 16),
                          chunk.data[24],
                          chunk.data[25]};
    if (uint64_t{control.x} + control.width > static_cast<uint64_t>(canvas_.width) ||
        uint64_t{control.y} + control.height > static_cast<uint64_t>(canvas_.height))
      Fail("{}: broken APNG: a frame reaches beyond the picture", origin_);
    control_ = control;
  }

  // Decodes and draws the frame that has been gathered.
  void Finish() {
    if (!control_ || frames_.Full()) return;
    std::string png("\x89PNG\r\n\x1a\n", kSignature), header(header_);
    header.replace(0, 8, BigEndian(control_->width) + BigEndian(control_->height));
    AppendChunk(&png, "IHDR", header);
    png += shared_;
    AppendChunk(&png, "IDAT", picture_);
    AppendChunk(&png, "IEND", "");
    Draw(DecodePngWithAlpha(std::as_bytes(std::span(png)), fmt::format("{}: frame {}", origin_, shown_)));
    picture_.clear();
    control_.reset();
  }

  void Draw(const Image& frame) {
    if (canvas_.pixels.empty()) canvas_.Resize(canvas_.width, canvas_.height, 4);
    const Control& control = *control_;
    // Of the first frame there is nothing before: it leaves nothing behind (APNG 1.0, dispose_op).
    const int dispose = control.dispose == 2 && shown_ == 0 ? 1 : control.dispose;
    std::optional<std::vector<uint8_t>> before;
    if (dispose == 2) before = canvas_.pixels;
    const uint8_t* from = frame.pixels.data();
    for (uint32_t y = 0; y < control.height; ++y) {
      for (uint32_t x = 0; x < control.width; ++x, from += 4) {
        uint8_t* to = canvas_.Pixel(control.x + x, control.y + y);
        const int alpha = control.blend == 0 || shown_ == 0 ? 255 : from[3];
        for (int c = 0; c < 4; ++c) {
          const int sum = to[c] * (255 - alpha) + from[c] * alpha + 128;  // rounded as PIL does
          to[c] = static_cast<uint8_t>(((sum >> 8) + sum) >> 8);
        }
      }
    }
    ++shown_;
    Image rgb;
    rgb.Resize(canvas_.width, canvas_.height);
    for (size_t i = 0; 3 * i < rgb.pixels.size(); ++i)
      std::copy_n(canvas_.pixels.data() + 4 * i, 3, rgb.pixels.data() + 3 * i);
    frames_.Add(std::move(rgb));
    if (dispose == 2) canvas_.pixels = std::move(*before);
    if (dispose == 1)
      for (uint32_t y = 0; y < control.height; ++y)
        std::memset(canvas_.Pixel(control.x, control.y + y), 0, size_t{control.width} * 4);
  }

  ByteReader in_;
  const std::string& origin_;
  FrameList frames_;
  std::string_view header_;         // IHDR's data
  std::string shared_, picture_;    // chunks of all frames; compressed pixels of the one at hand
  std::optional<Control> control_;  // of the one at hand
  Image canvas_;                    // RGBA
  size_t expected_ = 0;
  int shown_ = 0;
};

}  // namespace

bool IsApng(std::span<const std::byte> bytes) {
  const ByteReader in(bytes, "PNG", true);
  for (uint64_t at = kSignature; at < in.size();) {
    const Chunk chunk = NextChunk(in, &at);
    if (chunk.type == "acTL") return chunk.data.size() >= 4 && ReadBigEndian(chunk.data, 0) > 1;
    if (chunk.type == "IDAT") return false;  // acTL stands before it
  }
  return false;
}

std::vector<Image> DecodeApng(std::span<const std::byte> bytes, int64_t most, const std::string& origin) {
  return Decoder(bytes, most, origin).Decode();
}

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
      AppendChunk(&file, "acTL", BigEndian(static_cast<uint32_t>(frames.size())) + BigEndian(0));
    }
    AppendChunk(&file, "fcTL", FrameControl(sequence++, frame, fps));
    if (k == 0)
      AppendChunk(&file, "IDAT", PictureData(png));
    else
      AppendChunk(&file, "fdAT", BigEndian(sequence++) + PictureData(png));
  }
  AppendChunk(&file, "IEND", "");
  WriteFileAtomically(path, file);
}

}  // namespace skipbench
