#include "harness/nn/weights/tensor_file.h"

#include <ATen/ATen.h>

#include "harness/base/error.h"

namespace skipbench {
namespace {

constexpr std::pair<Dtype, at::ScalarType> kTypes[] = {
    {Dtype::kBool, at::kBool},
    {Dtype::kU8, at::kByte},
    {Dtype::kI8, at::kChar},
    {Dtype::kI16, at::kShort},
    {Dtype::kI32, at::kInt},
    {Dtype::kI64, at::kLong},
    {Dtype::kF16, at::kHalf},
    {Dtype::kBF16, at::kBFloat16},
    {Dtype::kF32, at::kFloat},
    {Dtype::kF64, at::kDouble},
    {Dtype::kF8E4M3, at::kFloat8_e4m3fn},
    {Dtype::kF8E5M2, at::kFloat8_e5m2},
};

}  // namespace

at::ScalarType ToScalarType(Dtype dtype, const std::string& where) {
  for (const auto& [file, tensor] : kTypes)
    if (file == dtype) return tensor;
  FailUnsupported("{}: tensors of type {} are not supported", where, DtypeName(dtype));
}

Dtype ToDtype(at::ScalarType type) {
  for (const auto& [file, tensor] : kTypes)
    if (tensor == type) return file;
  FailUnsupported("tensors of type {} cannot be written", at::toString(type));
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

void WriteTensorFile(const std::filesystem::path& path, const std::map<std::string, at::Tensor>& tensors,
                     const std::map<std::string, std::string>& metadata) {
  std::vector<at::Tensor> kept;  // what the entries point into
  std::vector<SafetensorsEntry> entries;
  for (const auto& [name, tensor] : tensors) {
    if (!tensor.defined()) Fail("{}: tensor \"{}\" is not defined", path.string(), name);
    kept.push_back(tensor.to(at::kCPU).contiguous());
    entries.push_back({name,
                       ToDtype(tensor.scalar_type()),
                       tensor.sizes().vec(),
                       {static_cast<const std::byte*>(kept.back().const_data_ptr()), kept.back().nbytes()}});
  }
  WriteSafetensors(path, std::move(entries), metadata);
}

}  // namespace skipbench
