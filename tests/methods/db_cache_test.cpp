#include "methods/db_cache/db_cache.h"

#include <cstdlib>

#include "methods/db_cache/calibrator.h"
#include "tests/methods/conformance.h"
#include "tests/methods/measured_case.h"

namespace skipbench {
namespace {

using testing::Changed;
using testing::Go;
using testing::StackRun;
using testing::Text;
using Calibrator = DBCacheOptions::Calibrator;

METHOD_EXAMPLES(
    DBCache, {"db_cache", {{"Fn_compute_blocks", 1}, {"residual_diff_threshold", 0.3}, {"max_warmup_steps", 2}}},
    {"db_cache",
     {{"Fn_compute_blocks", 1}, {"residual_diff_threshold", 0.3}, {"max_warmup_steps", 2}, {"as_published", true}}},
    {"db_cache",
     {{"Fn_compute_blocks", 2},
      {"Bn_compute_blocks", 1},
      {"residual_diff_threshold", 0.5},
      {"max_warmup_steps", 2},
      {"max_continuous_cached_steps", 2},
      {"max_cached_steps", 5},
      {"calibrator", "taylorseer"},
      {"taylorseer_order", 2}}},
    {"db_cache",
     {{"Fn_compute_blocks", 1},
      {"residual_diff_threshold", 0.5},
      {"max_warmup_steps", 3},
      {"warmup_interval", 2},
      {"max_accumulated_residual_diff_threshold", 0.6},
      {"calibrator", "foca"},
      {"halves", "separate"}}});

std::unique_ptr<Method> Read(const Json& options) {
  return DBCacheType().make(JsonReader(options, "test.json", "methods[0]"));
}

class DBCacheMeasured : public ::testing::TestWithParam<Json> {};

// cache-dit 1.5.3 with a network.
TEST_P(DBCacheMeasured, DecidesAsCacheDit) {
  const Json& one = GetParam();
  Json options = one.at("parameters");
  for (const char* other : {"num_inference_steps", "enable_separate_cfg"}) options.erase(other);
  if (options.contains("calibrator")) options["calibrator"] = "taylorseer";
  options["as_published"] = true;
  const auto seen = [&](int call) { return Changed(testing::At(one.at("measured").at("d"), call, 0).value_or(0)); };
  EXPECT_EQ(Go(*Read(options), StackRun(one.at("config").at("steps")), seen).mask, testing::MaskOf(one, 0));
}

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(DBCacheMeasured);
INSTANTIATE_TEST_SUITE_P(Dit, DBCacheMeasured, ::testing::ValuesIn(testing::MeasuredCases("dbcache")),
                         testing::NameOfMeasuredCase);

// Masks and weights of cache-dit 1.5.3's CachedContextManager, whose residuals changed as given; the weights by unit
// vectors as residuals.
TEST(DBCache, DecidesAndForecastsAsCacheDitsManager) {
  const testing::Manifest manifest = testing::LoadManifest("dit", "db_cache.json");
  if (!manifest.exists) GTEST_SKIP() << "no folder dit";
  for (const Json& one : manifest.json.at("cases")) {
    Json options = one.at("options");
    SCOPED_TRACE(options.dump());
    options["as_published"] = true;
    const auto seen = [&](int call) { return Changed(one.at("changes")[static_cast<size_t>(call)]); };
    const auto course = Go(*Read(options), StackRun(static_cast<int>(one.at("changes").size())), seen);
    EXPECT_EQ(Text(course.mask), one.at("mask"));
    if (!one.contains("weights")) continue;
    for (size_t call = 0; call < course.mask.size(); ++call) {
      const Json& expected = one.at("weights")[call];
      if (expected.is_null() || course.mask[call]) continue;
      const auto& weights = course.decisions[call].weights;
      ASSERT_LE(weights.size(), expected.size());
      for (size_t k = 0; k < expected.size(); ++k)
        EXPECT_NEAR(k < weights.size() ? weights[k] : 0, expected[k].get<double>(), 1e-6) << call << " " << k;
    }
  }
}

std::string MaskFor(const DBCacheOptions& options, double change, int calls = 8) {
  return Text(Go(*MakeDBCache(options), StackRun(calls), [=](int) { return Changed(change); }).mask);
}

TEST(DBCache, ThresholdsOf0And1AreSpecialAsPublished) {
  DBCacheOptions options{.residual_diff_threshold = 1, .max_warmup_steps = 2};
  EXPECT_EQ(MaskFor(options, 2), "11111111");
  options.who.as_published = true;
  EXPECT_EQ(MaskFor(options, 2), "11000000");
  options.residual_diff_threshold = 0;
  EXPECT_EQ(MaskFor(options, 0), "11111111");
}

// As published the sum never falls: once it is past the limit, caching is over.
TEST(DBCache, AccumulatedChangesBoundARunOfReuses) {
  DBCacheOptions options{
      .residual_diff_threshold = 0.2, .max_warmup_steps = 2, .max_accumulated_residual_diff_threshold = 0.3};
  EXPECT_EQ(MaskFor(options, 0.125, 12), "110001000100");
  options.who.as_published = true;
  EXPECT_EQ(MaskFor(options, 0.125, 12), "110001111111");
}

// cache-dit's counter runs one behind: slopes start with the first full forward from call 3 on.
TEST(DBCache, SlopesStartLateOnlyAsPublished) {
  DBCacheOptions options{.max_warmup_steps = 2, .calibrator = Calibrator::kTaylorSeer};
  const auto weights = [&] {
    return Go(*MakeDBCache(options), StackRun(4), [](int) { return Changed(0); }).decisions[3].weights;
  };
  EXPECT_EQ(weights(), (std::vector<double>{3, -2}));  // 2 calls on
  options.who.as_published = true;
  EXPECT_EQ(weights(), std::vector<double>{1});
}

TEST(DBCache, RefusesAsPublishedWhereNothingDiffers) {
  DBCacheOptions options{.max_warmup_steps = 4, .who = {.as_published = true, .scope = Scope::kSample}};
  const auto refused = [&] { EXPECT_ERROR(MakeDBCache(options), "as_published: with these options nothing differs"); };
  refused();
  options.calibrator = Calibrator::kTaylorSeer;  // the slope of call 3 is there as published, too
  refused();
  options.taylorseer_order = 2;
  EXPECT_NO_THROW(MakeDBCache(options));
  options.max_warmup_steps = 5;
  refused();
  options.residual_diff_threshold = 1;
  EXPECT_NO_THROW(MakeDBCache(options));
  options = {.max_accumulated_residual_diff_threshold = 1, .who = options.who};
  EXPECT_NO_THROW(MakeDBCache(options));
}

// In a run that goes on without a full forward for a while: weights differ from the source's exactly where that is
// accepted.
TEST(DBCache, SlopesDifferWhereAsPublishedIsAccepted) {
  for (const int order : {1, 2, 3})
    for (const int warmup : {1, 2, 3, 4, 5, 6, 7}) {
      DBCacheOptions options{
          .max_warmup_steps = warmup, .calibrator = Calibrator::kTaylorSeer, .taylorseer_order = order};
      const auto weights = [&] {
        std::vector<std::vector<double>> all;
        for (const Decision& one : Go(*MakeDBCache(options), StackRun(20), [](int call) {
                                     return Changed(call == 1 || (call > 8 && call % 5 == 0) ? 1 : 0);
                                   }).decisions)
          all.push_back(one.weights);
        return all;
      };
      const auto here = weights();
      options.who.as_published = true;
      const bool differs = weights() != here;
      options.who.scope = Scope::kSample;
      bool accepted = true;
      try {
        MakeDBCache(options);
      } catch (const Error&) {
        accepted = false;
      }
      EXPECT_EQ(accepted, differs) << order << " " << warmup;
    }
}

TEST(DBCache, TaylorSeersSumByHand) {
  // Residuals 1, 4, 16 of calls 0, 1, 3; call 4: D_1 = 6, D_2 = (6 - 3)/2.
  TaylorSeerCalibrator calibrator(2, 1);
  for (const int call : {0, 1, 3}) calibrator.Update(call);
  const Weights weights = calibrator.Approximate(4);
  ASSERT_EQ(weights.size(), 3u);
  EXPECT_DOUBLE_EQ(16 * weights[0] + 4 * weights[1] + weights[2], 16 + 6 + 1.5 / 2);
}

TEST(DBCache, MasksBlocksAndOptionsThatDoNotFit) {
  EXPECT_THROW(MakeDBCache({})->Start(StackRun(4, 1, 8)), UnsupportedError);  // F 8 of 8
  EXPECT_THROW(MakeDBCache({})->Start(StackRun(4, 1, 0)), UnsupportedError);
  EXPECT_NO_THROW(MakeDBCache({})->Start(StackRun(4, 1, 9)));
  EXPECT_ERROR(MakeDBCache({.steps_computation_mask = {{1, 0}}})->Start(StackRun(4)),
               "the mask has 2 entries, the run makes 4 scheduler calls");
  EXPECT_ERROR(MakeDBCache({.steps_computation_mask = {{0, 1}}}), "entry 0 must be 1");
  EXPECT_ERROR(MakeDBCache({.steps_computation_mask = {{1, 2}}}), "found 2");
  EXPECT_ERROR(MakeDBCache({.taylorseer_order = 2}), "only the calibrator \"taylorseer\" has an order");
  EXPECT_ERROR(MakeDBCache({.steps_computation_policy = DBCacheOptions::Policy::kStatic}),
               "only a steps_computation_mask");
  const auto fixed = MakeDBCache(
      {.steps_computation_mask = {{1, 0, 1, 0}}, .steps_computation_policy = DBCacheOptions::Policy::kStatic});
  EXPECT_EQ(Text(Go(*fixed, StackRun(4), {}).mask), "1010");
  EXPECT_FALSE(fixed->Start(StackRun(4))->Probe(1));
}

}  // namespace
}  // namespace skipbench
