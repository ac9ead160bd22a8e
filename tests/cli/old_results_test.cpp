// Results stay readable. data/undescribed_metrics was written by skipbench d5f4d9d, before datasets of metrics
// described themselves (unit, direction, decimals as attributes): the shipped quickstart's config with five captions
// and two settings.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "harness/store/result_reader.h"
#include "tests/cli/cli_support.h"
#include "tests/store/python.h"
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

TEST(OldResults, HaveAVerdictAndTablesOfChosenColumns) {
  const auto verdict = testing::Skipbench({"verdict", Old(), "--width", "80"});
  EXPECT_EQ(verdict.exit_code, 0) << verdict.err;
  // One setting beside the full run: nothing to hold it against.
  EXPECT_THAT(verdict.out, HasSubstr("at half the cost\nadaptive_diffusion("));
  EXPECT_THAT(verdict.out, HasSubstr("held against nothing: no\nfewer_steps was run"));
  const auto json = testing::Skipbench({"verdict", Old(), "--format", "json", "--budget", "0.4", "--metric", "ssim"});
  ASSERT_EQ(json.exit_code, 0) << json.err;
  EXPECT_TRUE(Json::parse(json.out)["full_runs"][0]["budgets"][0]["best"].is_null());
  EXPECT_EQ(testing::Skipbench({"verdict", Old(), "--metric", "psnt"}).exit_code, 3);
  const auto text = testing::Skipbench({"table", Old(), "--format", "text", "--width", "100", "--sort=-psnr"});
  EXPECT_EQ(text.exit_code, 0) << text.err;
  EXPECT_THAT(text.out, HasSubstr("40.99 [30.49, 49.43]"));
  const auto csv =
      testing::Skipbench({"table", Old(), "--format", "csv", "--columns", "setting,psnr", "--filter", "nfe<50"});
  EXPECT_EQ(csv.exit_code, 0) << csv.err;
  EXPECT_THAT(csv.out, HasSubstr("setting,psnr\n"));
  const auto refused = testing::Skipbench({"table", Old(), "--format", "json", "--columns", "setting"});
  EXPECT_EQ(refused.exit_code, 3);
  EXPECT_THAT(refused.err, HasSubstr("--columns: JSON has all of them"));
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

// Whatever column it is that another tool made shorter, also the first one of its group.
TEST(OldResults, AColumnOfAnotherLengthIsDamage) {
  if (!testing::PythonHasH5py()) GTEST_SKIP() << "no h5py in " << testing::PythonPath();
  const testing::TempDir dir;
  for (const std::string column :
       {"samples/ordinal", "samples/id", "waves/first_ordinal", "waves/wall_s", "waves/stages/denoiser"}) {
    const auto folder = dir / std::to_string(column.size());
    std::filesystem::copy(Old(), folder, std::filesystem::copy_options::recursive);
    testing::EditResults(
        fmt::format("  d = f['{0}']\n  kind = d.dtype\n  del f['{0}']\n  f.create_dataset('{0}', (0,), kind)\n",
                    column),
        folder / "results.h5");
    const auto table = testing::Skipbench({"table", folder.string(), "--unchecked"});
    EXPECT_EQ(table.exit_code, 3) << column << table.out;
    EXPECT_THAT(table.err, HasSubstr("different lengths")) << column;
  }
}

}  // namespace
}  // namespace skipbench
