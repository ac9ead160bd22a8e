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
    const bool plain = kind <= 3, bits = kind == 1 || kind == 4;
    channels_ = kind == 3 || kind == 6 ? 3 : 1;
    const int64_t width = Number(), height = Number();
    CheckImageSize(width, height, origin_);
    maximum_ = bits ? 1 : Number();
    if (maximum_ < 1 || maximum_ > 65535)
      Fail("{}: broken PNM: a maximum of {}, expected 1 to 65535", origin_, maximum_);
    if (!plain) ++at_;  // one blank ends the header
    RequireBytes(plain, bits, width, height);
    image_ = {static_cast<int>(width), static_cast<int>(height), 3, {}};
    image_.pixels.reserve(static_cast<size_t>(width * height) * 3);
    if (bits)
      plain ? PlainBits() : RawBits();
    else
      Values(plain);
    return std::move(image_);
  }

 private:
  // No memory for more than the file can hold.
  void RequireBytes(bool plain, bool bits, int64_t width, int64_t height) const {
    const int64_t values = width * height * channels_;
    int64_t needed = values * (maximum_ > 255 ? 2 : 1);
    if (bits && !plain) needed = (width + 7) / 8 * height;
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

  void Grey(uint8_t value) { image_.pixels.insert(image_.pixels.end(), 3, value); }
  void PlainBits() {
    for (int64_t i = 0; i < int64_t{image_.width} * image_.height; ++i) {
      SkipBlanks();
      const int c = in_.Byte(at_++);
      if (c != '0' && c != '1') Fail("{}: broken PNM: 0 or 1 was expected at byte {}", origin_, at_ - 1);
      Grey(c == '0' ? 255 : 0);
    }
  }
  void RawBits() {
    for (int y = 0; y < image_.height; ++y) {
      for (int x = 0; x < image_.width; ++x)
        Grey(in_.Byte(at_ + static_cast<size_t>(x / 8)) >> (7 - x % 8) & 1 ? 0 : 255);
      at_ += static_cast<size_t>((image_.width + 7) / 8);
    }
  }

  // Rounded to even as Python does.
  uint8_t Scaled(int64_t value) const {
    const double top = channels_ == 1 && maximum_ > 255 ? 65535 : 255;
    return static_cast<uint8_t>(
        std::min(255.0, std::nearbyint(static_cast<double>(value) / static_cast<double>(maximum_) * top)));
  }
  int64_t RawValue() {
    if (maximum_ <= 255) return in_.Byte(at_++);
    at_ += 2;
    return in_.Byte(at_ - 2) << 8 | in_.Byte(at_ - 1);
  }
  void Values(bool plain) {
    for (int64_t i = 0; i < int64_t{image_.width} * image_.height * channels_; ++i) {
      const int64_t value = plain ? Number() : RawValue();
      if (plain && value > maximum_) Fail("{}: broken PNM: {} where the maximum is {}", origin_, value, maximum_);
      if (channels_ == 1)
        Grey(Scaled(value));
      else
        image_.pixels.push_back(Scaled(value));
    }
  }

  ByteReader in_;
  const std::string& origin_;
  size_t at_ = 2;
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
