// Tensors from safetensors files.
#pragma once

#include <ATen/core/Tensor.h>

#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "harness/io/files/safetensors.h"

namespace skipbench {

// Throws UnsupportedError for a dtype that nothing here reads (F4, C64 ...); `where` is put in the message. Values of 8
// bits (F8_E4M3, F8_E5M2) can be converted, not computed with.
at::ScalarType ToScalarType(Dtype dtype, const std::string& where);

// A view of the mapped file (read-only: never write into it) that keeps the mapping alive; a copy where the bytes are
// not aligned for the dtype.
at::Tensor ToTensor(const std::shared_ptr<const SafetensorsFile>& file, const SafetensorsEntry& entry);

// All tensors of a file by name, as stored, in memory of their own.
std::map<std::string, at::Tensor> ReadTensorFile(const std::filesystem::path& path);

}  // namespace skipbench
