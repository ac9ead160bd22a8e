// A list in batches of about the same size.
#pragma once

#include <cstddef>
#include <span>

namespace skipbench {

// Calls f(std::span<T>) with as few batches of at most `largest` as there must be, all of about the same size: a
// network call for one leftover row would cost as much as one for several.
template <class T, class F>
void EvenBatches(std::span<T> all, size_t largest, F&& f) {
  const size_t batches = (all.size() + largest - 1) / largest;
  for (size_t k = 0, begin = 0; k < batches; ++k) {
    const size_t end = all.size() * (k + 1) / batches;
    f(all.subspan(begin, end - begin));
    begin = end;
  }
}

}  // namespace skipbench
