#include "methods/sea_cache/sea_cache.h"

#include "tests/methods/conformance.h"
#include "tests/methods/measured_case.h"

namespace skipbench {
namespace {

using testing::At;
using testing::Changed;
using testing::Go;
using testing::StackRun;
using testing::Text;

METHOD_EXAMPLES(SeaCache, {"sea_cache", {{"threshold", 0.3}}},
                {"sea_cache", {{"threshold", 0.3}, {"residual_order", 0}, {"as_published", true}}},
                {"sea_cache", {{"threshold", 0.5}, {"max_consecutive_cached", 1}, {"retention_steps", 3}}},
                {"sea_cache", {{"threshold", 0.5}, {"cache_end_steps", 3}, {"power_exp", 2}, {"scope", "group"}}});

class SeaCacheMeasured : public ::testing::TestWithParam<Json> {};

// diffusers 0.42.1's hook.
TEST_P(SeaCacheMeasured, AddsUpAndDecidesAsTheHook) {
  const Json& one = GetParam();
  const Json& given = one.at("parameters");
  const auto method = MakeSeaCache({.threshold = given.at("threshold"),
                                    .residual_order = given.at("residual_order"),
                                    .retention_steps = given.at("retention_steps"),
                                    .cache_end_steps = given.at("cache_end_steps"),
                                    .max_consecutive_cached = given.at("max_consecutive_cached"),
                                    .power_exp = given.at("power_exp"),
                                    .who = {.as_published = true}});
  const int steps = one.at("config").at("steps");
  for (int pass = 0; pass < testing::Passes(one); ++pass) {
    const auto seen = [&](int call) { return Changed(At(one.at("measured").at("d"), call, pass).value_or(0)); };
    const testing::Course course = Go(*method, StackRun(steps), seen);
    EXPECT_EQ(course.mask, testing::MaskOf(one, pass));
    for (int call = 1; call < steps; ++call) {
      const auto sum = At(one.at("measured").at("accumulated"), call, pass);
      const double recorded = course.trace.at("criterion")[static_cast<size_t>(call) - 1];
      EXPECT_EQ(sum.has_value(), !std::isnan(recorded)) << call;
      if (sum) {
        EXPECT_NEAR(recorded, *sum, 1e-7) << call;
      }
    }
  }
}

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(SeaCacheMeasured);
INSTANTIATE_TEST_SUITE_P(Dit, SeaCacheMeasured, ::testing::ValuesIn(testing::MeasuredCases("seacache")),
                         testing::NameOfMeasuredCase);

TEST(SeaCache, ExtrapolatesAlongTheLastTwoFullForwards) {
  // Computes at 0 and 1, which are far apart, then only by its limit: 1101001001.
  const auto seen = [](int call) { return Changed(call == 1 || call == 3 ? 9 : 0.01); };
  const auto course = Go(*MakeSeaCache({}), StackRun(10), seen);
  EXPECT_EQ(Text(course.mask), "1101001001");
  EXPECT_EQ(course.decisions[2].weights, (std::vector<double>{2, -1}));      // 1 ahead of 0, 1
  EXPECT_EQ(course.decisions[4].weights, (std::vector<double>{1.5, -0.5}));  // 1 ahead of 1, 3
  EXPECT_EQ(course.decisions[5].weights, (std::vector<double>{2, -1}));      // 2 ahead
  const auto plain = Go(*MakeSeaCache({.residual_order = 0}), StackRun(10), seen);
  EXPECT_TRUE(plain.decisions[2].weights.empty());
}

TEST(SeaCache, LimitsAndEnds) {
  const auto mask = [](const SeaCacheOptions& options, double change) {
    return Text(Go(*MakeSeaCache(options), StackRun(10), [=](int) { return Changed(change); }).mask);
  };
  EXPECT_EQ(mask({}, 0), "1001001001");
  EXPECT_EQ(mask({.max_consecutive_cached = 0}, 0), "1000000001");
  EXPECT_EQ(mask({.retention_steps = 3, .cache_end_steps = 0, .max_consecutive_cached = 0}, 0), "1110000000");
  EXPECT_EQ(mask({.threshold = 0}, 0), "1111111111");  // FirstBlockCache's other way round
  EXPECT_EQ(mask({}, std::nan("")), "1111111111");
}

}  // namespace
}  // namespace skipbench
