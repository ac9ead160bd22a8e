#include "methods/first_block_cache/first_block_cache.h"

#include "tests/methods/conformance.h"
#include "tests/methods/measured_case.h"

namespace skipbench {
namespace {

using testing::Changed;
using testing::Go;
using testing::StackRun;
using testing::Text;

METHOD_EXAMPLES(FirstBlockCache, {"first_block_cache", {{"threshold", 0.3}}},
                {"first_block_cache", {{"threshold", 0.3}, {"as_published", true}}},
                {"first_block_cache", {{"threshold", 0.3}, {"warmup_steps", 3}, {"halves", "separate"}}},
                {"first_block_cache", {{"threshold", 0.3}, {"as_published", true}, {"source", "para_attention"}}});

class FirstBlockCacheMeasured : public ::testing::TestWithParam<Json> {};

// diffusers 0.42.1's hook.
TEST_P(FirstBlockCacheMeasured, DecidesAsTheHook) {
  const Json& one = GetParam();
  const auto method =
      MakeFirstBlockCache({.threshold = one.at("parameters").at("threshold"), .who = {.as_published = true}});
  for (int pass = 0; pass < testing::Passes(one); ++pass) {
    const auto seen = [&](int call) {
      return Changed(testing::At(one.at("measured").at("d"), call, pass).value_or(0));
    };
    EXPECT_EQ(Go(*method, StackRun(one.at("config").at("steps")), seen).mask, testing::MaskOf(one, pass));
  }
}

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(FirstBlockCacheMeasured);
INSTANTIATE_TEST_SUITE_P(Dit, FirstBlockCacheMeasured, ::testing::ValuesIn(testing::MeasuredCases("first_block_cache")),
                         testing::NameOfMeasuredCase);

std::string MaskFor(const FirstBlockCacheOptions& options, double change) {
  return Text(Go(*MakeFirstBlockCache(options), StackRun(4), [=](int) { return Changed(change); }).mask);
}

TEST(FirstBlockCache, NothingByNothingReusesOnlyAsPublished) {
  const double none = std::nan("");  // 0/0
  EXPECT_EQ(MaskFor({}, none), "1111");
  EXPECT_EQ(MaskFor({.who = {.as_published = true}}, none), "1000");
  EXPECT_EQ(MaskFor({.who = {.as_published = true}, .source = FirstBlockCacheOptions::Source::kParaAttention}, none),
            "1111");
}

TEST(FirstBlockCache, TiesAndTheThreshold0) {
  EXPECT_EQ(MaskFor({.threshold = 0}, 0), "1111");
  EXPECT_EQ(MaskFor({.threshold = 0, .who = {.as_published = true}}, 0), "1000");
  EXPECT_EQ(
      MaskFor({.threshold = 0, .who = {.as_published = true}, .source = FirstBlockCacheOptions::Source::kParaAttention},
              0),
      "1111");
  EXPECT_EQ(MaskFor({.threshold = 0.5}, 0.5), "1111");
  EXPECT_EQ(MaskFor({.threshold = 0.5, .who = {.as_published = true}}, 0.5), "1000");
  EXPECT_EQ(MaskFor({.warmup_steps = 3}, 0), "1110");
}

TEST(FirstBlockCache, AsPublishedDecidesForTheBatch) {
  EXPECT_EQ(MakeFirstBlockCache({})->DecisionScope(), Scope::kSample);
  EXPECT_EQ(MakeFirstBlockCache({.who = {.as_published = true}})->DecisionScope(), Scope::kGroup);
  EXPECT_EQ(MakeFirstBlockCache({.who = {.as_published = true, .scope = Scope::kSample}})->DecisionScope(),
            Scope::kSample);
  RunShape passes;
  passes.network.guides_in_passes = true;
  const auto published = [](std::optional<GuidanceScope> halves) {
    return MakeFirstBlockCache({.who = {.as_published = true, .halves = halves}});
  };
  EXPECT_EQ(published({})->Halves(passes), GuidanceScope::kSeparate);
  EXPECT_EQ(published({})->Halves({}), GuidanceScope::kJoint);
  EXPECT_EQ(published(GuidanceScope::kJoint)->Halves(passes), GuidanceScope::kJoint);
  EXPECT_EQ(MakeFirstBlockCache({})->Halves(passes), GuidanceScope::kJoint);
  EXPECT_EQ(MakeFirstBlockCache({.who = {.halves = GuidanceScope::kSeparate}})->Halves({}), GuidanceScope::kSeparate);
  EXPECT_ERROR(MakeFirstBlockCache({.source = FirstBlockCacheOptions::Source::kParaAttention}),
               "only what is run as published has a source");
}

TEST(FirstBlockCache, NetworksWithoutBlocksAreNotSupported) {
  RunShape run = StackRun(4);
  run.network.blocks = 1;
  EXPECT_THROW(MakeFirstBlockCache({})->Start(run), UnsupportedError);
  run.network.blocks = 0;
  EXPECT_THROW(MakeFirstBlockCache({})->Start(run), UnsupportedError);
}

}  // namespace
}  // namespace skipbench
