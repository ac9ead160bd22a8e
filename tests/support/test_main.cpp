#include <gtest/gtest.h>

#include "harness/base/bounded_spinning.h"

// Exit code 77 tells ctest "skipped": every test that ran skipped itself (a missing fixture folder, no GPU).
int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  const int code = RUN_ALL_TESTS();
  const auto& unit = *testing::UnitTest::GetInstance();
  if (code == 0 && unit.test_to_run_count() > 0 && unit.skipped_test_count() == unit.test_to_run_count()) return 77;
  return code;
}
