// The JSON header of a safetensors file, read strictly and without building a JSON tree (a header of 100 MB from a
// stranger should cost 100 MB, not gigabytes). Used by safetensors.cpp only.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace skipbench {

struct HeaderTensor {
  std::string name;
  std::string dtype;
  std::vector<int64_t> shape;  // not negative
  uint64_t begin = 0;          // data_offsets, unchecked
  uint64_t end = 0;
};

struct SafetensorsHeader {
  std::vector<HeaderTensor> tensors;
  std::map<std::string, std::string> metadata;
};

// Throws Error naming `origin` and what is wrong: malformed JSON, a name given twice, missing, unknown or mistyped
// fields.
SafetensorsHeader ParseSafetensorsHeader(std::string_view text, const std::string& origin);

}  // namespace skipbench
