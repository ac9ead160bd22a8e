#include "harness/runtime/other_load.h"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>

namespace skipbench {
namespace {

TEST(OtherLoad, DoesNotCountThisProcess) {
  const OtherLoad others;
  EXPECT_FALSE(others.BusyProcessors());  // too early
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(300);
  volatile double work = 1;
  while (std::chrono::steady_clock::now() < end) work = work * 1.0000001;
  const auto busy = others.BusyProcessors();
  ASSERT_TRUE(busy.has_value());
  EXPECT_GE(*busy, 0);
  EXPECT_LE(*busy, std::max(1u, std::thread::hardware_concurrency()) + 0.2);
}

}  // namespace
}  // namespace skipbench
