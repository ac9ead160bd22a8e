#include "harness/runtime/device.h"

#include <gtest/gtest.h>

#include <thread>

#include "tests/support/fixtures.h"

namespace skipbench {
namespace {

TEST(Threads, ThereIsABound) {
  for (const unsigned threads : {0u, 1u, 64u, std::thread::hardware_concurrency()})
    RequireThreads(static_cast<int>(threads), "threads");
  EXPECT_ERROR(RequireThreads(-1, "threads"), "threads: expected 0 to ");
  EXPECT_ERROR(RequireThreads(1 << 20, "--threads"), "found 1048576");
}

}  // namespace
}  // namespace skipbench
