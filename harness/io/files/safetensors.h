// The safetensors format (https://github.com/huggingface/safetensors): an 8-byte little-endian header length N, N bytes
// of JSON {"__metadata__": {string: string}, NAME: {"dtype", "shape", "data_offsets": [begin, end]}, ...}, then the
// tensors' bytes, row-major, offsets relative to the first of them, without holes or overlaps.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "harness/io/files/mapped_file.h"

namespace skipbench {

// What the format knows. Nothing here computes with those after kU64: weights in kF8E4M3 and kF8E5M2 are converted when
// they are loaded, the others are refused by name when they are asked for.
enum class Dtype {
  kBool,
  kU8,
  kI8,
  kI16,
  kI32,
  kI64,
  kF16,
  kBF16,
  kF32,
  kF64,
  kU16,
  kU32,
  kU64,
  kF8E4M3,
  kF8E5M2,
  kF8E8M0,
  kF4,
  kF6E2M3,
  kF6E3M2,
  kC64
};
const char* DtypeName(Dtype dtype);  // as in the file: "F32"
int DtypeBits(Dtype dtype);          // bits of one element

struct SafetensorsEntry {
  std::string name;
  Dtype dtype = Dtype::kF32;
  std::vector<int64_t> shape;        // [] is a scalar
  std::span<const std::byte> bytes;  // row-major, little-endian; may be unaligned
};

// Checks bytes in memory: whatever the entries say lies inside them, has the size its shape and dtype ask for, and
// belongs to one tensor only. The entries' spans point into `bytes`; `origin` is named in errors.
struct SafetensorsContent {
  std::vector<SafetensorsEntry> entries;  // in the data's order
  std::map<std::string, std::string> metadata;
};
SafetensorsContent ParseSafetensors(std::span<const std::byte> bytes, const std::string& origin);

// A whole file, checked when it is opened.
class SafetensorsFile {
 public:
  // Throws Error naming file, tensor and place. Pickles (.bin, .ckpt, .pt, .pth, or a file that begins like one) are
  // refused with a pointer to scripts/convert/.
  static std::shared_ptr<const SafetensorsFile> Open(const std::filesystem::path& path);

  const std::filesystem::path& path() const { return file_.path(); }
  const MappedFile& file() const { return file_; }
  const std::vector<SafetensorsEntry>& entries() const { return content_.entries; }
  const std::map<std::string, std::string>& metadata() const { return content_.metadata; }
  const SafetensorsEntry* Find(std::string_view name) const;  // nullptr if absent

 private:
  explicit SafetensorsFile(const std::filesystem::path& path);
  MappedFile file_;
  SafetensorsContent content_;
  std::map<std::string, const SafetensorsEntry*, std::less<>> index_;
};

// Throws when the name or the first bytes say that the file is a pickle. Other files pass.
void RefusePickle(const std::filesystem::path& path, std::span<const std::byte> head);

}  // namespace skipbench
