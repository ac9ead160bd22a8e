// scripts/convert, with the Python that scripts/setup made.
#include "tests/cli/cli_support.h"

namespace skipbench {
namespace {

TEST(Convert, ReadsCheckpointsAndMakesWeights) {
  const std::string python = (testing::SourceDir() / ".env/bin/python").string();
  if (testing::RunProcess({python, "-c", "import numpy, safetensors"}).exit_code != 0)
    GTEST_SKIP() << python << " has no numpy and safetensors: run scripts/setup";
  const testing::TempDir dir;
  const auto check = testing::RunProcess({python, "-B", (testing::SourceDir() / "tests/cli/convert_check.py").string(),
                                          testing::SkipbenchPath(), dir.path().string()});
  EXPECT_EQ(check.exit_code, 0) << check.out << check.err;
}

}  // namespace
}  // namespace skipbench
