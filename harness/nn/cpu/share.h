// Work in parts that threads take one after the other: cores are not equally fast at all times.
#pragma once

#include <ATen/Parallel.h>

#include <atomic>
#include <cstdint>

namespace skipbench::cpu {

inline int64_t CeilDiv(int64_t a, int64_t b) { return (a + b - 1) / b; }

// Parts of a product or an attention for each thread, where there is enough to do.
constexpr int64_t kParts = 8;

// Gives one thread the parts that are left.
class NextPart {
 public:
  NextPart(std::atomic<int64_t>& next, int64_t parts) : next_(next), parts_(parts) {}
  // Stores the index of a part that nobody has taken; false when there is none.
  bool operator()(int64_t* part) const {
    *part = next_.fetch_add(1, std::memory_order_relaxed);
    return *part < parts_;
  }

 private:
  std::atomic<int64_t>& next_;
  int64_t parts_;
};

// Calls run(next) once on every thread, which is to work through the parts [0, parts) that `next` gives it.
template <typename Run>
void Share(int64_t parts, const Run& run) {
  std::atomic<int64_t> next = 0;
  at::parallel_for(0, at::get_num_threads(), 1, [&](int64_t, int64_t) { run(NextPart(next, parts)); });
}

}  // namespace skipbench::cpu
