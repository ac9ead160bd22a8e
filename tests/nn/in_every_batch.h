// Results that depend neither on the batch nor on the number of threads.
#pragma once

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <gtest/gtest.h>

namespace skipbench::testing {

class Threads {
 public:
  explicit Threads(int count) : before_(at::get_num_threads()) { at::set_num_threads(count); }
  ~Threads() { at::set_num_threads(before_); }

 private:
  int before_;
};

// Calls compute(x) for all of x and for every sample of it, with one thread and with several.
template <typename Compute>
void ExpectSameInEveryBatch(const at::Tensor& x, const Compute& compute) {
  at::Tensor all;
  {
    Threads one(1);
    all = compute(x);
  }
  for (int threads : {1, 2, 3}) {
    Threads some(threads);
    EXPECT_TRUE(at::equal(compute(x), all)) << threads << " threads";
    for (int64_t i = 0; i < x.size(0); ++i)
      EXPECT_TRUE(at::equal(compute(x.narrow(0, i, 1)), all.narrow(0, i, 1)))
          << "sample " << i << ", " << threads << " threads";
  }
}

}  // namespace skipbench::testing
