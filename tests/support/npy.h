// Arrays in memory, as tests of the .npy format have them.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <span>
#include <string>

#include "harness/io/files/npy.h"

namespace skipbench {

class MemoryStream : public ByteStream {
 public:
  explicit MemoryStream(std::span<const std::byte> bytes) : bytes_(bytes) {}
  size_t Read(std::span<std::byte> out) override {
    const size_t count = std::min(out.size(), bytes_.size());
    std::copy_n(bytes_.begin(), count, out.begin());
    bytes_ = bytes_.subspan(count);
    return count;
  }

 private:
  std::span<const std::byte> bytes_;
};

// `bytes` must outlive it.
inline NpyReader ParseNpy(std::span<const std::byte> bytes, const std::string& origin) {
  return NpyReader(std::make_unique<MemoryStream>(bytes), bytes.size(), origin);
}

}  // namespace skipbench
