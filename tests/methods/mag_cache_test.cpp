#include "methods/mag_cache/mag_cache.h"

#include <algorithm>

#include "methods/mag_cache/mag_ratios.h"
#include "tests/methods/conformance.h"
#include "tests/methods/measured_case.h"

namespace skipbench {
namespace {

using testing::At;
using testing::Go;
using testing::StackRun;
using testing::Text;
using Rule = MagCacheOptions::Rule;

METHOD_EXAMPLES(
    MagCache, {"mag_cache", {{"mag_ratios", "flux"}, {"threshold", 0.2}}},
    {"mag_cache", {{"mag_ratios", {1, 0.9, 0.95, 1.1, 0.99}}, {"threshold", 0.2}, {"max_skip_steps", 1}}},
    {"mag_cache", {{"mag_ratios", "flux"}, {"threshold", 0.24}, {"as_published", true}, {"rule", "flux"}}},
    {"mag_cache",
     {{"mag_ratios", "wan2.1_t2v_1.3b"}, {"threshold", 0.06}, {"halves", "separate"}, {"retention_ratio", 0.3}}});

std::unique_ptr<Method> Make(const MagCacheOptions& options) { return MakeMagCache(options, ""); }

class MagCacheMeasured : public ::testing::TestWithParam<Json> {};

// diffusers 0.42.1's hook; it has one list for both passes.
TEST_P(MagCacheMeasured, AddsUpAndDecidesAsTheHook) {
  const Json& one = GetParam();
  const Json& given = one.at("parameters");
  const auto method = Make({.threshold = given.at("threshold"),
                            .max_skip_steps = given.at("max_skip_steps"),
                            .retention_ratio = given.at("retention_ratio"),
                            .mag_ratios = given.at("mag_ratios").get<std::vector<Json>>(),
                            .as_published = true});
  const int steps = one.at("config").at("steps");
  const testing::Course course = Go(*method, StackRun(steps), {});
  for (int pass = 0; pass < testing::Passes(one); ++pass) EXPECT_EQ(course.mask, testing::MaskOf(one, pass));
  for (int call = 1; call < steps; ++call) {
    const auto sum = At(one.at("measured").at("accumulated"), call, 0);
    const double recorded = course.trace.at("criterion")[static_cast<size_t>(call) - 1];
    if (!std::isnan(recorded)) {
      EXPECT_NEAR(recorded, sum.value(), 1e-6) << call;
    }
  }
}

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(MagCacheMeasured);
INSTANTIATE_TEST_SUITE_P(Dit, MagCacheMeasured, ::testing::ValuesIn(testing::MeasuredCases("magcache")),
                         testing::NameOfMeasuredCase);

std::string MaskFor(const MagCacheOptions& options, int calls, int guidance_rows = 1, int guidance_row = -1) {
  RunShape run = StackRun(calls, guidance_rows);
  run.guidance_row = guidance_row;
  return Text(Go(*Make(options), run, {}).mask);
}

TEST(MagCache, PublishedMasks) {
  MagCacheOptions options{.mag_ratios = {"flux"}, .as_published = true};
  EXPECT_EQ(MaskFor(options, 28), "1111110101000100010001001011");  // diffusers' defaults
  options = {
      .threshold = 0.24, .max_skip_steps = 5, .retention_ratio = 0.1, .mag_ratios = {"flux"}, .as_published = true};
  EXPECT_EQ(std::ranges::count(MaskFor(options, 28), '1'), 8);
  options.rule = Rule::kFlux;  // one call of 28 never skipped
  EXPECT_EQ(MaskFor(options, 28), "1110010001010000010000010010");
}

TEST(MagCache, RatiosOfAnotherLengthAreThoseOfTheNearestCall) {
  const std::vector<double> ratios = {1, 2, 3, 4, 5};
  EXPECT_EQ(ResampleRatios(ratios, 5, false), ratios);
  EXPECT_EQ(ResampleRatios(ratios, 3, false), (std::vector<double>{1, 3, 5}));
  EXPECT_EQ(ResampleRatios(ratios, 9, false), (std::vector<double>{1, 1, 2, 3, 3, 3, 4, 5, 5}));  // 0.5 -> 0, 1.5 -> 2
  EXPECT_EQ(ResampleRatios(ratios, 1, true), std::vector<double>{5});
}

// The Wan script counts passes and does not round: of 2 x 15 passes 30 x 0.25 = 7 compute, so that the conditional pass
// starts with call 4, the other one with call 3. Its comparison is strict.
TEST(MagCache, WansScriptCountsPasses) {
  MagCacheOptions options{.threshold = 9,
                          .max_skip_steps = 100,
                          .retention_ratio = 0.25,
                          .mag_ratios = {"wan2.1_t2v_1.3b"},
                          .as_published = true,
                          .rule = Rule::kWan,
                          .halves = GuidanceScope::kSeparate};
  EXPECT_EQ(MaskFor(options, 15, 2, 1), "111100000000000");
  EXPECT_EQ(MaskFor(options, 15, 2, 0), "111000000000000");
  EXPECT_EQ(MaskFor(options, 15, 1), "111000000000000");
  options.threshold = 0;
  options.mag_ratios = {1, 1};
  EXPECT_EQ(MaskFor(options, 6), "111111");
  options.rule = Rule::kHunyuan;
  EXPECT_EQ(MaskFor(options, 6), "100000");
  EXPECT_EQ(MaskFor({.threshold = 0, .max_skip_steps = 2, .mag_ratios = {1, 1}}, 6), "100100");
}

TEST(MagCache, HalvesHaveRatiosOfTheirOwn) {
  testing::TempDir folder;
  testing::WriteFile(
      folder / "ratios.json",
      R"({"model": "a", "calls": 3, "ratios": {"unconditional": [1, 1.5, 1], "conditional": [1, 1, 1]}})");
  const auto mask = [&](GuidanceScope halves, int row) {
    RunShape run = StackRun(3, 2);
    run.guidance_row = row;
    const auto method = MakeMagCache(
        {.threshold = 0.3, .retention_ratio = 0, .mag_ratios = {"ratios.json"}, .halves = halves}, folder.path());
    return Text(Go(*method, run, {}).mask);
  };
  EXPECT_EQ(mask(GuidanceScope::kSeparate, 0), "110");
  EXPECT_EQ(mask(GuidanceScope::kSeparate, 1), "100");
  EXPECT_EQ(mask(GuidanceScope::kConditional, -1), "100");
  EXPECT_EQ(mask(GuidanceScope::kJoint, -1), "101");  // 0.25, then 0.5
}

TEST(MagCache, FilesBelongToAModel) {
  testing::TempDir folder;
  const auto make = [&](const std::string& text) {
    testing::WriteFile(folder / "r.json", text);
    return MakeMagCache({.mag_ratios = {"r.json"}}, folder.path());
  };
  const auto method = make(R"({"model": "a", "calls": 2, "scheduler": "euler", "ratios": {"conditional": [1, 1.1]}})");
  EXPECT_EQ(method->Label(), "mag_cache(threshold=0.06,max_skip_steps=3,retention_ratio=0.2,mag_ratios=r.json[2])");
  RunShape run = StackRun(4);
  run.model = "a";
  EXPECT_NO_THROW(method->Start(run));
  run.model = "b";
  EXPECT_ERROR(method->Start(run), "r.json was measured on a, the run is of b");
  EXPECT_ERROR(make(R"({"calls": 2, "ratios": {"conditional": [1, 1.1]}})"), "r.json: model: ");
  EXPECT_ERROR(make(R"({"model": "a", "calls": 3, "ratios": {"conditional": [1, 1.1]}})"), "expected 3 numbers");
  EXPECT_ERROR(make(R"({"model": "a", "calls": 2, "ratios": {"conditional": [1, 0]}})"), "ratios above 0");
  EXPECT_ERROR(make(R"({"model": "a", "calls": 2, "ratios": {"unconditional": [1, 2]}})"), "conditional");
  EXPECT_ERROR(Make({.mag_ratios = {"fluks"}}), "no published ratios have that name: flux, ");
  EXPECT_ERROR(Make({}), "mag_ratios: missing");
  EXPECT_ERROR(Make({.mag_ratios = {1, -1}}), "numbers above 0");
  EXPECT_ERROR(Make({.mag_ratios = {"flux"}, .rule = Rule::kWan}), "only what is run as published");
}

TEST(MagCache, PublishedListsAreAsLongAsTheirRuns) {
  for (const auto& published : AllPublishedRatios())
    for (const auto& row : published.rows) {
      EXPECT_EQ(row.size(), published.name.starts_with("flux")         ? 28u
                            : published.name.starts_with("wan2.1_i2v") ? 40u
                                                                       : 50u)
          << published.name;
      EXPECT_EQ(row[0], 1);
    }
}

}  // namespace
}  // namespace skipbench
