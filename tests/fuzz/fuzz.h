// What the fuzz targets share. A target may throw skipbench::Error and nothing else; crashes, other exceptions,
// sanitizer reports and timeouts are findings.
#pragma once

#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <span>
#include <string>
#include <string_view>

#include "harness/base/error.h"

namespace skipbench::fuzz {

inline std::string_view Text(const uint8_t* data, size_t size) { return {reinterpret_cast<const char*>(data), size}; }
inline std::span<const std::byte> Bytes(const uint8_t* data, size_t size) {
  return std::as_bytes(std::span(data, size));
}

// A folder of this process, for what can only be read from files.
inline const std::filesystem::path& Folder() {
  static const std::filesystem::path folder = [] {
    std::filesystem::path path = std::filesystem::temp_directory_path() / fmt::format("skipbench-fuzz-{}", getpid());
    std::filesystem::create_directories(path);
    return path;
  }();
  return folder;
}

inline void Write(const std::string& name, std::string_view content) {
  std::ofstream(Folder() / name, std::ios::binary).write(content.data(), static_cast<std::streamsize>(content.size()));
}

template <typename F>
int Try(F&& parse) {
  try {
    parse();
  } catch (const Error&) {
  }
  return 0;
}

}  // namespace skipbench::fuzz
