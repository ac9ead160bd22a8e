#include "harness/io/pictures/apng_reader.h"

#include <zlib.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <string_view>

#include "harness/base/error.h"
#include "harness/io/files/byte_reader.h"
#include "harness/io/pictures/animation.h"
#include "harness/io/pictures/png.h"

namespace skipbench {
namespace {

constexpr uint64_t kSignature = 8;

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

uint32_t BigEndian(std::string_view data, size_t at) {
  uint32_t value = 0;
  for (size_t i = 0; i < 4; ++i) value = value << 8 | static_cast<uint8_t>(data[at + i]);
  return value;
}

void AppendChunk(std::string* file, std::string_view type, std::string_view data) {
  const auto number = [&](uint32_t value) {
    for (int shift = 24; shift >= 0; shift -= 8) *file += static_cast<char>(value >> shift);
  };
  number(static_cast<uint32_t>(data.size()));
  const size_t body = file->size();
  file->append(type).append(data);
  number(static_cast<uint32_t>(crc32_z(0, reinterpret_cast<const Bytef*>(file->data()) + body, file->size() - body)));
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
      if (chunk.type == "IHDR")
        ReadHeader(chunk);
      else if (chunk.type == "acTL" && chunk.data.size() >= 8)
        expected_ = BigEndian(chunk.data, 0);
      else if (chunk.type == "fcTL")
        Begin(chunk);
      else if (chunk.type == "IDAT")
        picture_ += control_ ? chunk.data : std::string_view();  // a picture that is no frame
      else if (chunk.type == "fdAT" && chunk.data.size() > 4)
        picture_ += chunk.data.substr(4);
      else if (chunk.type == "IEND")
        ended_ = true;
      else if (chunk.type == "PLTE" || chunk.type == "tRNS")
        shared_ += chunk.whole;
      if (ended_) break;
    }
    Finish();
    auto frames = frames_.Take();
    if (!frames_full_ && frames.size() < expected_)
      Fail("{}: broken APNG: {} frames, its header says {} (is it truncated?)", origin_, frames.size(), expected_);
    return frames;
  }

 private:
  void ReadHeader(const Chunk& chunk) {
    if (chunk.data.size() != 13) Fail("{}: broken PNG: a header of {} bytes", origin_, chunk.data.size());
    header_ = chunk.data;
    CheckImageSize(BigEndian(header_, 0), BigEndian(header_, 4), origin_);
    canvas_ = {static_cast<int>(BigEndian(header_, 0)), static_cast<int>(BigEndian(header_, 4)), 4, {}};
  }

  void Begin(const Chunk& chunk) {
    Finish();
    if (chunk.data.size() != 26 || header_.empty()) Fail("{}: broken APNG: a frame's header is wrong", origin_);
    const Control control{BigEndian(chunk.data, 4),  BigEndian(chunk.data, 8), BigEndian(chunk.data, 12),
                          BigEndian(chunk.data, 16), chunk.data[24],           chunk.data[25]};
    if (uint64_t{control.x} + control.width > static_cast<uint64_t>(canvas_.width) ||
        uint64_t{control.y} + control.height > static_cast<uint64_t>(canvas_.height))
      Fail("{}: broken APNG: a frame reaches beyond the picture", origin_);
    control_ = control;
  }

  // Decodes and draws the frame that has been gathered.
  void Finish() {
    if (!control_ || frames_.Full()) {
      frames_full_ = frames_.Full();
      return;
    }
    std::string png("\x89PNG\r\n\x1a\n", kSignature), header(header_);
    for (const auto& [value, place] : {std::pair(control_->width, 0u), {control_->height, 4u}})
      for (unsigned i = 0; i < 4; ++i) header[place + i] = static_cast<char>(value >> (24 - 8 * i));
    AppendChunk(&png, "IHDR", header);
    png += shared_;
    AppendChunk(&png, "IDAT", picture_);
    AppendChunk(&png, "IEND", "");
    Draw(DecodePngWithAlpha(std::as_bytes(std::span(png)), fmt::format("{}: frame {}", origin_, shown_)));
    picture_.clear();
    control_.reset();
    frames_full_ = frames_.Full();
  }

  uint8_t* Pixel(uint32_t x, uint32_t y) {
    return canvas_.pixels.data() + (size_t{y} * static_cast<size_t>(canvas_.width) + x) * 4;
  }

  void Draw(const Image& frame) {
    if (canvas_.pixels.empty())
      canvas_.pixels.resize(static_cast<size_t>(canvas_.width) * static_cast<size_t>(canvas_.height) * 4);
    const Control& control = *control_;
    // Of the first frame there is nothing before: it leaves nothing behind (APNG 1.0, dispose_op).
    const int dispose = control.dispose == 2 && shown_ == 0 ? 1 : control.dispose;
    std::optional<std::vector<uint8_t>> before;
    if (dispose == 2) before = canvas_.pixels;
    const uint8_t* from = frame.pixels.data();
    for (uint32_t y = 0; y < control.height; ++y) {
      for (uint32_t x = 0; x < control.width; ++x, from += 4) {
        uint8_t* to = Pixel(control.x + x, control.y + y);
        const int alpha = control.blend == 0 || shown_ == 0 ? 255 : from[3];
        for (int c = 0; c < 4; ++c) {
          const int sum = to[c] * (255 - alpha) + from[c] * alpha + 128;  // rounded as PIL does
          to[c] = static_cast<uint8_t>(((sum >> 8) + sum) >> 8);
        }
      }
    }
    ++shown_;
    Image rgb{canvas_.width, canvas_.height, 3, {}};
    rgb.pixels.resize(canvas_.pixels.size() / 4 * 3);
    for (size_t i = 0; i < canvas_.pixels.size() / 4; ++i)
      std::memcpy(rgb.pixels.data() + 3 * i, canvas_.pixels.data() + 4 * i, 3);
    frames_.Add(std::move(rgb));
    if (dispose == 2) canvas_.pixels = std::move(*before);
    if (dispose == 1)
      for (uint32_t y = 0; y < control.height; ++y)
        std::memset(Pixel(control.x, control.y + y), 0, size_t{control.width} * 4);
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
  bool ended_ = false, frames_full_ = false;
};

}  // namespace

bool IsApng(std::span<const std::byte> bytes) {
  static const std::string origin = "PNG";
  const ByteReader in(bytes, origin, true);
  for (uint64_t at = kSignature; at < in.size();) {
    const Chunk chunk = NextChunk(in, &at);
    if (chunk.type == "acTL") return chunk.data.size() >= 4 && BigEndian(chunk.data, 0) > 1;
    if (chunk.type == "IDAT") return false;  // acTL stands before it
  }
  return false;
}

std::vector<Image> DecodeApng(std::span<const std::byte> bytes, int64_t most, const std::string& origin) {
  return Decoder(bytes, most, origin).Decode();
}

}  // namespace skipbench
