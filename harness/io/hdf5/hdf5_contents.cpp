#include "harness/io/hdf5/hdf5_contents.h"

#include <zlib.h>

#include <string_view>

#include "harness/base/random.h"
#include "harness/io/hdf5/hdf5_internal.h"

namespace skipbench::hdf5 {
namespace {

uint64_t Sum(uint64_t seed, const void* data, size_t size) {
  const auto* bytes = static_cast<const unsigned char*>(data);
  return MixBits(seed + 0x9e3779b97f4a7c15u * (size + 1) +
                 crc32_z(static_cast<uLong>(seed & 0xffffffffu), bytes, size));
}

uint64_t Sum(uint64_t seed, std::string_view text) { return Sum(seed, text.data(), text.size()); }

template <class T>
uint64_t SumOf(uint64_t seed, std::span<const T> values) {
  return Sum(seed, values.data(), values.size_bytes());
}
template <>
uint64_t SumOf(uint64_t seed, std::span<const std::string> values) {
  for (const auto& value : values) seed = Sum(seed, value);
  return seed;
}

}  // namespace

void Contents::AddGroup(const std::string& path) { items_[path] = Sum(1, path); }

void Contents::AddDataset(const std::string& path, Type type, const Shape& shape) {
  uint64_t sum = Sum(Sum(2, path), TypeName(type));
  for (const int64_t length : shape) sum = MixBits(sum + static_cast<uint64_t>(length));
  items_[path] = MixBits(sum);
}

template <class T>
void Contents::AddRows(const std::string& path, int64_t first, int64_t elements, std::span<const T> values) {
  if (elements <= 0) return;
  uint64_t& item = items_[path];
  const size_t step = static_cast<size_t>(elements);
  for (size_t at = 0; at + step <= values.size(); at += step)
    item += SumOf<T>(MixBits(static_cast<uint64_t>(first++) + 1),
                     values.subspan(at, step));  // a sum: rows come in any order
}

template <class T>
void Contents::AddAttribute(const std::string& path, const std::string& name, bool scalar, std::span<const T> values) {
  const uint64_t seed = Sum(Sum(Sum(scalar ? 3 : 4, path), name), TypeName(TypeOf<T>()));
  items_[path + ": " + name] = SumOf<T>(seed, values);
}

#define SKIPBENCH_HDF5_CONTENTS(T)                                                              \
  template void Contents::AddRows<T>(const std::string&, int64_t, int64_t, std::span<const T>); \
  template void Contents::AddAttribute<T>(const std::string&, const std::string&, bool, std::span<const T>);
SKIPBENCH_HDF5_FOR_EACH_TYPE(SKIPBENCH_HDF5_CONTENTS)

}  // namespace skipbench::hdf5
