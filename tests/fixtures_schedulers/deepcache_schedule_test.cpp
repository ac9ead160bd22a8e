// DeepCache's non-uniform schedules against the published formulas.
#include <gtest/gtest.h>

#include "methods/deepcache/deepcache.h"
#include "tests/support/fixtures.h"

namespace skipbench {
namespace {

void CheckSchedule(const Json& row) {
  const int steps = row.at("steps").get<int>();
  const int interval = row.at("interval").get<int>();
  const int count = (steps + interval - 1) / interval;
  const double power = row.at("pow").get<double>();
  const bool centred = row.at("kind") == "quad_center";
  ASSERT_TRUE(centred || row.at("kind") == "quad");
  if (row.contains("error")) {
    EXPECT_THROW(QuadCenterSchedule(steps, count, row.at("center").get<int>(), power), Error);
    return;
  }
  const auto expected = row.at("full_steps").get<std::vector<int>>();
  const std::vector<int> full_steps = centred ? QuadCenterSchedule(steps, count, row.at("center").get<int>(), power)
                                              : QuadSchedule(steps, count, power);
  // A value this near to an integer depends on the last bit of the power function; such a step may come out one lower.
  const bool exact = row.at("min_gap_to_integer").get<double>() >= 1e-9;
  ASSERT_EQ(full_steps.size(), expected.size());
  for (size_t i = 0; i < expected.size(); ++i) EXPECT_NEAR(full_steps[i], expected[i], exact ? 0 : 1) << "entry " << i;
}

TEST(DeepCacheScheduleFixtures, EveryCase) {
  const testing::Manifest manifest = testing::LoadManifest("diffusion", "cfg/manifest.json");
  if (!manifest.exists) GTEST_SKIP() << "no fixtures in " << manifest.folder;
  int checked = 0;
  for (const Json& entry : manifest.json.at("cases")) {
    if (entry.at("kind") != "full_steps") continue;
    const Json rows = ReadJsonFile(manifest.folder / entry.at("json").get<std::string>());
    for (const Json& row : rows.at("cases")) {
      SCOPED_TRACE(Describe(row));
      CheckSchedule(row);
      ++checked;
    }
  }
  EXPECT_GT(checked, 0);
}

TEST(DeepCacheSchedule, RefusesWhatItCannotDo) {
  EXPECT_ERROR(QuadCenterSchedule(50, 0, 15, 1.4), "in [1, 50]");
  EXPECT_ERROR(QuadCenterSchedule(50, 51, 15, 1.4), "in [1, 50]");
  EXPECT_ERROR(QuadCenterSchedule(50, 10, 50, 1.4), "center must be in [0, 49]");
  EXPECT_ERROR(QuadCenterSchedule(50, 10, -1, 1.4), "center");
  EXPECT_ERROR(QuadCenterSchedule(50, 10, 15, 1.0), "power");
  EXPECT_ERROR(QuadCenterSchedule(50, 10, 15, std::nan("")), "power");
  EXPECT_ERROR(QuadSchedule(0, 1, 1.5), "in [1, 0]");
  EXPECT_ERROR(QuadSchedule(50, 10, 0.5), "power");
}

}  // namespace
}  // namespace skipbench
