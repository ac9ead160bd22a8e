// Results stay readable. data/undescribed_metrics was written by skipbench d5f4d9d, before datasets of metrics
// described themselves (unit, direction, decimals as attributes): the shipped quickstart's config with five captions
// and two settings.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "harness/store/result_reader.h"
#include "tests/cli/cli_support.h"
#include "tests/support/fixtures.h"
#include "tests/support/process.h"

namespace skipbench {
namespace {

using ::testing::HasSubstr;

std::string Old() { return (testing::SourceDir() / "tests/cli/data/undescribed_metrics").string(); }

TEST(OldResults, AreReadWithTheirMetricsUnitsAndDirections) {
  const ResultReader result = ResultReader::Open(Old());
  ASSERT_EQ(result.samples().size(), 5u);
  EXPECT_EQ(result.Read<int32_t>(1, "nfe").values, (std::vector<int32_t>{22, 23, 18, 23, 21}));
  const auto table = testing::Skipbench({"table", Old()});
  ASSERT_EQ(table.exit_code, 0) << table.err;
  // As the build that made it printed them.
  for (const char* text : {"PSNR dB", "21.4 (18-23)", "4.511 (0.428)", "40.99 [30.49, 49.43]", "0.946 [0.841, 0.999]",
                           "0.800 [0.400, 1.00]", "560 [197, 923]", "5.75 [-6.00, 17.5]"})
    EXPECT_THAT(table.out, HasSubstr(text));
}

TEST(OldResults, CompareAndAreDrawn) {
  const auto compared = testing::Skipbench({"compare", Old(), Old()});
  EXPECT_EQ(compared.exit_code, 0) << compared.err;
  EXPECT_THAT(compared.out, HasSubstr("no regression"));
  const testing::TempDir dir;
  const auto report = testing::Skipbench({"report", Old(), "--out", (dir / "report").string()});
  EXPECT_EQ(report.exit_code, 0) << report.err;
  EXPECT_TRUE(std::filesystem::exists(dir / "report/index.html"));
}

}  // namespace
}  // namespace skipbench
