#include "harness/io/pictures/bmp.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdlib>

#include "harness/io/files/byte_reader.h"

namespace skipbench {
namespace {

constexpr uint64_t kFileHeader = 14;
enum Compression : uint32_t { kRgb = 0, kRle8 = 1, kRle4 = 2, kBitFields = 3, kAlphaBitFields = 6 };

// Where a channel's bits are in a pixel.
struct Mask {
  uint32_t bits = 0;
  uint8_t Value(uint32_t pixel) const {
    const int shift = std::countr_zero(bits);
    const uint32_t top = bits >> shift;
    return static_cast<uint8_t>(uint64_t{(pixel & bits) >> shift} * 255 / top);
  }
};

class Decoder {
 public:
  Decoder(std::span<const std::byte> bytes, const std::string& origin) : in_(bytes, origin), origin_(origin) {}

  Image Decode() {
    ReadHeader();
    ReadMasks();
    if (bits_ <= 8) ReadPalette();
    image_.Resize(image_.width, image_.height);
    if (compression_ == kRle8 || compression_ == kRle4)
      RunLengths();
    else
      Rows();
    return std::move(image_);
  }

 private:
  void ReadHeader() {
    data_ = in_.U32(10);
    header_ = in_.U32(kFileHeader);
    const bool core = header_ == 12;
    if (!core && (header_ < 40 || header_ > 256))
      FailUnsupported("{}: a bitmap with a header of {} bytes is not supported", origin_, header_);
    const int64_t width = core ? int64_t{in_.U16(18)} : static_cast<int32_t>(in_.U32(18));
    int64_t height = core ? int64_t{in_.U16(20)} : static_cast<int32_t>(in_.U32(22));
    top_down_ = height < 0;
    height = std::abs(height);
    bits_ = static_cast<int>(in_.U16(core ? 24 : 28));
    compression_ = core ? uint32_t{kRgb} : in_.U32(30);
    colours_ = core ? 0 : in_.U32(46);
    palette_entry_ = core ? 3 : 4;
    CheckImageSize(width, height, origin_);
    const bool deep = bits_ == 16 || bits_ == 24 || bits_ == 32, shallow = bits_ == 1 || bits_ == 4 || bits_ == 8;
    const bool known = (compression_ == kRgb && (deep || shallow)) || (compression_ == kRle8 && bits_ == 8) ||
                       (compression_ == kRle4 && bits_ == 4) ||
                       ((compression_ == kBitFields || compression_ == kAlphaBitFields) && deep && bits_ != 24);
    if (!known)
      FailUnsupported("{}: a bitmap of {} bits with compression {} is not supported", origin_, bits_, compression_);
    // Run lengths can hold any number of pixels in few bytes, but no more than 255 in two (a skip aside).
    stride_ = (static_cast<uint64_t>(width) * static_cast<uint64_t>(bits_) + 31) / 32 * 4;
    if (compression_ == kRle8 || compression_ == kRle4) {
      if (static_cast<uint64_t>(width) * static_cast<uint64_t>(height) / 128 > in_.size())
        Fail("{}: broken bitmap: {} bytes cannot hold {} x {} pixels", origin_, in_.size(), width, height);
    } else {
      in_.Part(data_, stride_ * static_cast<uint64_t>(height));
    }
    image_ = {static_cast<int>(width), static_cast<int>(height), 3, {}};
  }

  void ReadMasks() {
    if (bits_ == 16) masks_ = {{{0x7C00u}, {0x03E0u}, {0x1Fu}}};
    if (compression_ != kBitFields && compression_ != kAlphaBitFields) return;
    // Behind a header of 40 bytes, or in a longer one.
    for (size_t c = 0; c < 3; ++c) masks_[c].bits = in_.U32(54 + 4 * c);
    for (const Mask& mask : masks_) {
      const uint32_t low = mask.bits >> (mask.bits ? std::countr_zero(mask.bits) : 0);
      if (mask.bits == 0 || (low & (low + 1)) != 0) Fail("{}: broken bitmap: the mask {:#x}", origin_, mask.bits);
    }
  }

  void ReadPalette() {
    uint64_t count = colours_ ? colours_ : uint64_t{1} << bits_;
    if (count > 256) Fail("{}: broken bitmap: {} colours in {} bits", origin_, count, bits_);
    const uint64_t at = kFileHeader + header_;
    if (data_ > at) count = std::min(count, (data_ - at) / palette_entry_);
    for (uint64_t i = 0; i < count; ++i)
      for (uint64_t c = 0; c < 3; ++c) palette_[i][c] = in_.Byte(at + i * palette_entry_ + 2 - c);
  }

  void Put(int x, int row, uint32_t value) {
    uint8_t* pixel = image_.Pixel(x, top_down_ ? row : image_.height - 1 - row);
    for (size_t c = 0; c < 3; ++c) pixel[c] = bits_ <= 8 ? palette_[value][c] : masks_[c].Value(value);
  }

  void Rows() {
    for (int row = 0; row < image_.height; ++row) {
      const uint64_t at = data_ + static_cast<uint64_t>(row) * stride_;
      for (int x = 0; x < image_.width; ++x) {
        const uint64_t bit = static_cast<uint64_t>(x) * static_cast<uint64_t>(bits_);
        const uint32_t value = in_.Number(at + bit / 8, std::max(1, bits_ / 8));
        Put(x, row, bits_ < 8 ? value >> (8 - bits_ - static_cast<int>(bit % 8)) & ((1u << bits_) - 1) : value);
      }
    }
  }

  // What no run covers has the first colour.
  void RunLengths() {
    for (int row = 0; row < image_.height; ++row)
      for (int x = 0; x < image_.width; ++x) Put(x, row, 0);
    const bool nibbles = compression_ == kRle4;
    uint64_t at = data_;
    int x = 0, row = 0;
    const auto put = [&](int byte, int i) {
      if (x >= image_.width) return;
      Put(x++, row, static_cast<uint32_t>(!nibbles ? byte : i % 2 ? byte & 15 : byte >> 4));
    };
    while (row < image_.height) {
      const int count = in_.Byte(at), value = in_.Byte(at + 1);
      at += 2;
      if (count > 0) {
        for (int i = 0; i < count; ++i) put(value, i);
      } else if (value == 0) {
        x = 0, ++row;
      } else if (value == 1) {
        return;
      } else if (value == 2) {
        x = std::min(image_.width, x + in_.Byte(at)), row += in_.Byte(at + 1);
        at += 2;
      } else {
        for (int i = 0; i < value; ++i) put(in_.Byte(at + static_cast<uint64_t>(nibbles ? i / 2 : i)), i);
        const auto bytes = static_cast<uint64_t>(nibbles ? (value + 1) / 2 : value);
        at += bytes + bytes % 2;
      }
    }
  }

  ByteReader in_;
  const std::string& origin_;
  Image image_;
  uint64_t data_ = 0, stride_ = 0, palette_entry_ = 4;
  uint32_t header_ = 0, compression_ = 0, colours_ = 0;
  int bits_ = 24;
  bool top_down_ = false;
  std::array<Mask, 3> masks_ = {{{0xFF0000u}, {0xFF00u}, {0xFFu}}};  // of red, green, blue
  uint8_t palette_[256][3] = {};
};

}  // namespace

Image DecodeBmp(std::span<const std::byte> bytes, const std::string& origin) { return Decoder(bytes, origin).Decode(); }

}  // namespace skipbench
