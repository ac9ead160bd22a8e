#include "harness/nn/weights/tensor_file.h"

#include <ATen/ATen.h>

#include "harness/base/error.h"

namespace skipbench {

at::ScalarType ToScalarType(Dtype dtype, const std::string& where) {
  switch (dtype) {
    case Dtype::kBool: return at::kBool;
    case Dtype::kU8: return at::kByte;
    case Dtype::kI8: return at::kChar;
    case Dtype::kI16: return at::kShort;
    case Dtype::kI32: return at::kInt;
    case Dtype::kI64: return at::kLong;
    case Dtype::kF16: return at::kHalf;
    case Dtype::kBF16: return at::kBFloat16;
    case Dtype::kF32: return at::kFloat;
    case Dtype::kF64: return at::kDouble;
    case Dtype::kF8E4M3: return at::kFloat8_e4m3fn;
    case Dtype::kF8E5M2: return at::kFloat8_e5m2;
    default: FailUnsupported("{}: tensors of type {} are not supported", where, DtypeName(dtype));
  }
}

at::Tensor ToTensor(const std::shared_ptr<const SafetensorsFile>& file, const SafetensorsEntry& entry) {
  const std::string where = fmt::format("{}: tensor \"{}\"", file->path().string(), entry.name);
  const at::ScalarType type = ToScalarType(entry.dtype, where);
  if (entry.bytes.empty()) return at::empty(entry.shape, type);
  if (reinterpret_cast<uintptr_t>(entry.bytes.data()) % c10::elementSize(type) != 0) {
    at::Tensor copy = at::empty(entry.shape, type);
    file->file().Read(entry.bytes, copy.data_ptr());
    return copy;
  }
  // from_blob wants a pointer to non-const; nobody writes through it.
  return at::from_blob(
      const_cast<std::byte*>(entry.bytes.data()), entry.shape, [file](void*) {}, at::TensorOptions(type));
}

std::map<std::string, at::Tensor> ReadTensorFile(const std::filesystem::path& path) {
  const auto file = SafetensorsFile::Open(path);
  std::map<std::string, at::Tensor> tensors;
  for (const SafetensorsEntry& entry : file->entries()) {
    const std::string where = fmt::format("{}: tensor \"{}\"", path.string(), entry.name);
    at::Tensor tensor = at::empty(entry.shape, ToScalarType(entry.dtype, where));
    file->file().Read(entry.bytes, tensor.data_ptr());
    tensors.emplace(entry.name, std::move(tensor));
  }
  return tensors;
}

}  // namespace skipbench
