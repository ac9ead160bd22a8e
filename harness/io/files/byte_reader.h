// Numbers in a picture file, at places that are checked.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "harness/base/error.h"

namespace skipbench {

// Whether `text` stands at that place.
inline bool HoldsAt(std::span<const std::byte> bytes, uint64_t at, std::string_view text) {
  return at <= bytes.size() && bytes.size() - at >= text.size() &&
         std::memcmp(bytes.data() + at, text.data(), text.size()) == 0;
}

class ByteReader {
 public:
  ByteReader(std::span<const std::byte> bytes, std::string origin, bool big_endian = false)
      : bytes_(bytes), origin_(std::move(origin)), big_endian_(big_endian) {}

  size_t size() const { return bytes_.size(); }
  bool Holds(uint64_t at, std::string_view text) const { return HoldsAt(bytes_, at, text); }
  // Throws Error naming the origin where the file ends before.
  std::span<const std::byte> Part(uint64_t at, uint64_t size) const {
    if (at > bytes_.size() || size > bytes_.size() - at)
      Fail("{}: the file ends in the middle (is it truncated?)", origin_);
    return bytes_.subspan(at, size);
  }
  uint8_t Byte(uint64_t at) const { return static_cast<uint8_t>(Part(at, 1)[0]); }
  uint32_t Number(uint64_t at, int size) const {
    const auto part = Part(at, static_cast<uint64_t>(size));
    uint32_t value = 0;
    for (int i = 0; i < size; ++i)
      value |= static_cast<uint32_t>(part[static_cast<size_t>(i)]) << 8 * (big_endian_ ? size - 1 - i : i);
    return value;
  }
  uint32_t U16(uint64_t at) const { return Number(at, 2); }
  uint32_t U32(uint64_t at) const { return Number(at, 4); }

 private:
  std::span<const std::byte> bytes_;
  std::string origin_;
  bool big_endian_;
};

}  // namespace skipbench
