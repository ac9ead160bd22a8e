// Scratch memory that begins at a cache line, so that no load of a vector touches two of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>

namespace skipbench::cpu {

struct FreeAligned {
  void operator()(void* p) const { ::operator delete(p, std::align_val_t(64)); }
};
// Values are not initialised.
template <typename T>
using Aligned = std::unique_ptr<T[], FreeAligned>;

template <typename T>
Aligned<T> AllocateAligned(int64_t count) {
  return Aligned<T>(static_cast<T*>(::operator new(static_cast<size_t>(count) * sizeof(T), std::align_val_t(64))));
}

}  // namespace skipbench::cpu
