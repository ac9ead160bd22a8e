#include "harness/stats/student.h"

#include <gtest/gtest.h>

#include <cmath>

#include "harness/base/error.h"

namespace skipbench {
namespace {

// Quantiles by numerical integration of the density.
TEST(StudentBounds, AreThoseOfT) {
  EXPECT_NEAR(StudentBounds(10, 0, std::sqrt(10.0), 0.025).high, 2.2621571627982049, 1e-12);
  EXPECT_NEAR(StudentBounds(32, 5, 2, 0.0005).low, 5 - 3.633456349759 * 2 / std::sqrt(32.0), 1e-9);
}

TEST(StudentBounds, OfFewOrEqualValues) {
  EXPECT_TRUE(std::isinf(StudentBounds(1, 3, 0, 0.05).low));
  EXPECT_EQ(StudentBounds(5, 3, 0, 0.05).low, 3);
  EXPECT_EQ(StudentBounds(5, 3, 0, 0.05).high, 3);
  EXPECT_THROW(StudentBounds(5, 3, 1, 0.7), Error);
}

}  // namespace
}  // namespace skipbench
