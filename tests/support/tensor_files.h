// Safetensors files as tests and benchmarks write them; the program only reads such files.
#pragma once

#include <ATen/ATen.h>

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "harness/base/error.h"
#include "harness/nn/weights/tensor_file.h"

namespace skipbench {

// Entries in order of element size, then name, as the official library writes them.
inline void WriteSafetensors(const std::filesystem::path& path, std::vector<SafetensorsEntry> entries,
                             const std::map<std::string, std::string>& metadata = {}) {
  std::ranges::sort(entries, {},
                    [](const SafetensorsEntry& one) { return std::pair(-DtypeBits(one.dtype), one.name); });
  auto tensors = nlohmann::ordered_json::object();
  if (!metadata.empty()) tensors["__metadata__"] = metadata;
  size_t offset = 0;
  for (const SafetensorsEntry& entry : entries) {
    const size_t end = offset + entry.bytes.size();
    tensors[entry.name] = {{"dtype", DtypeName(entry.dtype)}, {"shape", entry.shape}, {"data_offsets", {offset, end}}};
    offset = end;
  }
  std::string header = tensors.dump();
  header.resize((header.size() + 7) / 8 * 8, ' ');  // so that the data start aligned
  const uint64_t length = header.size();
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(&length), 8);
  file.write(header.data(), static_cast<std::streamsize>(length));
  for (const SafetensorsEntry& entry : entries)
    file.write(reinterpret_cast<const char*>(entry.bytes.data()), static_cast<std::streamsize>(entry.bytes.size()));
  file.close();
  if (!file) Fail("{}: cannot be written", path.string());
}

// Tensors may be on any device and strided.
inline void WriteTensorFile(const std::filesystem::path& path, const std::map<std::string, at::Tensor>& tensors,
                            const std::map<std::string, std::string>& metadata = {}) {
  std::vector<at::Tensor> kept;  // what the entries point into
  std::vector<SafetensorsEntry> entries;
  for (const auto& [name, tensor] : tensors) {
    kept.push_back(tensor.to(at::kCPU).contiguous());
    Dtype dtype = Dtype::kBool;
    while (ToScalarType(dtype, name) != tensor.scalar_type())
      dtype = dtype == Dtype::kF64 ? Dtype::kF8E4M3 : static_cast<Dtype>(static_cast<int>(dtype) + 1);
    entries.push_back({name,
                       dtype,
                       tensor.sizes().vec(),
                       {static_cast<const std::byte*>(kept.back().const_data_ptr()), kept.back().nbytes()}});
  }
  WriteSafetensors(path, std::move(entries), metadata);
}

}  // namespace skipbench
