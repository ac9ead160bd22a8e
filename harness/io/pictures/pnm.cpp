#include "harness/io/pictures/pnm.h"

#include <algorithm>
#include <cctype>
#include <cmath>

#include "harness/io/files/byte_reader.h"

namespace skipbench {
namespace {

class Decoder {
 public:
  Decoder(std::span<const std::byte> bytes, const std::string& origin) : in_(bytes, origin), origin_(origin) {}

  Image Decode() {
    const int kind = in_.Byte(1) - '0';
    plain_ = kind <= 3, bits_ = kind == 1 || kind == 4;
    channels_ = kind == 3 || kind == 6 ? 3 : 1;
    const int64_t width = Number(), height = Number();
    CheckImageSize(width, height, origin_);
    maximum_ = bits_ ? 1 : Number();
    if (maximum_ < 1 || maximum_ > 65535)
      Fail("{}: broken PNM: a maximum of {}, expected 1 to 65535", origin_, maximum_);
    if (!plain_) ++at_;  // one blank ends the header
    RequireBytes(width, height);
    image_ = {static_cast<int>(width), static_cast<int>(height), 3, {}};
    image_.pixels.reserve(static_cast<size_t>(width * height) * 3);
    for (int64_t y = 0; y < height; ++y) {
      for (int64_t i = 0; i < width * channels_; ++i)
        image_.pixels.insert(image_.pixels.end(), channels_ == 1 ? 3 : 1, Next(i));
      if (bits_ && !plain_) at_ += static_cast<size_t>((width + 7) / 8);
    }
    return std::move(image_);
  }

 private:
  // No memory for more than the file can hold.
  void RequireBytes(int64_t width, int64_t height) const {
    const int64_t values = width * height * channels_;
    int64_t needed = values * (maximum_ > 255 ? 2 : 1);
    if (bits_ && !plain_) needed = (width + 7) / 8 * height;
    if (static_cast<int64_t>(in_.size()) < needed)
      Fail("{}: broken PNM: {} bytes cannot hold {} x {} pixels (is it truncated?)", origin_, in_.size(), width,
           height);
  }

  void SkipBlanks() {
    while (true) {
      const int c = in_.Byte(at_);
      if (c == '#') {
        while (in_.Byte(at_) != '\n' && in_.Byte(at_) != '\r') ++at_;
      } else if (!std::isspace(c)) {
        return;
      }
      ++at_;
    }
  }
  int64_t Number() {
    SkipBlanks();
    int64_t value = 0;
    const size_t start = at_;
    for (; at_ < in_.size() && std::isdigit(in_.Byte(at_)) && value < 1'000'000; ++at_)
      value = value * 10 + in_.Byte(at_) - '0';
    if (at_ == start) Fail("{}: broken PNM: a number was expected at byte {}", origin_, at_);
    return value;
  }

  // Value i of a row, 0..255; raw bits stay where they are until the row's end.
  uint8_t Next(int64_t i) {
    if (bits_) return Bit(i) ? 0 : 255;
    const int64_t value = plain_ ? Number() : RawValue();
    if (plain_ && value > maximum_) Fail("{}: broken PNM: {} where the maximum is {}", origin_, value, maximum_);
    // Rounded to even as Python does.
    const double top = channels_ == 1 && maximum_ > 255 ? 65535 : 255;
    return static_cast<uint8_t>(
        std::min(255.0, std::nearbyint(static_cast<double>(value) / static_cast<double>(maximum_) * top)));
  }
  bool Bit(int64_t i) {
    if (!plain_) return in_.Byte(at_ + static_cast<size_t>(i / 8)) >> (7 - i % 8) & 1;
    SkipBlanks();
    const int c = in_.Byte(at_++);
    if (c != '0' && c != '1') Fail("{}: broken PNM: 0 or 1 was expected at byte {}", origin_, at_ - 1);
    return c == '1';
  }
  int64_t RawValue() {
    at_ += maximum_ > 255 ? 2 : 1;
    return maximum_ > 255 ? in_.Byte(at_ - 2) << 8 | in_.Byte(at_ - 1) : in_.Byte(at_ - 1);
  }

  ByteReader in_;
  const std::string& origin_;
  size_t at_ = 2;
  bool plain_ = false, bits_ = false;
  int channels_ = 1;
  int64_t maximum_ = 255;
  Image image_;
};

}  // namespace

bool IsPnm(std::span<const std::byte> bytes) {
  return bytes.size() > 3 && static_cast<char>(bytes[0]) == 'P' && static_cast<char>(bytes[1]) >= '1' &&
         static_cast<char>(bytes[1]) <= '6' &&
         (std::isspace(static_cast<unsigned char>(bytes[2])) || static_cast<char>(bytes[2]) == '#');
}

Image DecodePnm(std::span<const std::byte> bytes, const std::string& origin) { return Decoder(bytes, origin).Decode(); }

}  // namespace skipbench
