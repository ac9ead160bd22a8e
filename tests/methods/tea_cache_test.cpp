#include "methods/tea_cache/tea_cache.h"

#include "methods/tea_cache/published_coefficients.h"
#include "tests/methods/conformance.h"
#include "tests/methods/measured_case.h"

namespace skipbench {
namespace {

using testing::At;
using testing::Changed;
using testing::Go;
using testing::StackRun;
using testing::Text;
using Signal = ProbeSite::Signal;

METHOD_EXAMPLES(TeaCache, {"tea_cache", {{"rel_l1_thresh", 0.3}}},
                {"tea_cache", {{"rel_l1_thresh", 0.6}, {"coefficients", "flux"}, {"as_published", true}}},
                {"tea_cache",
                 {{"rel_l1_thresh", 0.3}, {"coefficients", {2, 0.5, 0}}, {"ret_steps", 3}, {"last_steps", 0}}},
                {"tea_cache", {{"rel_l1_thresh", 0.3}, {"signal", "time_projection"}, {"halves", "separate"}}});

class TeaCacheMeasured : public ::testing::TestWithParam<Json> {};

TEST_P(TeaCacheMeasured, AddsUpAndDecidesAlike) {
  const Json& one = GetParam();
  const Json& given = one.at("parameters");
  const std::string signal = given.at("signal");
  TeaCacheOptions options{.rel_l1_thresh = given.at("threshold"), .who = {.as_published = true}};
  options.coefficients = given.at("coefficients").get<std::vector<Json>>();
  options.signal = signal.starts_with("block 0")          ? Signal::kModulatedInput
                   : signal.starts_with("time embedding") ? Signal::kTimeEmbedding
                                                          : Signal::kTimeProjection;
  options.ret_steps = given.value("first", 1);
  options.last_steps = given.value("last", 1);
  const int steps = one.at("config").at("steps");
  for (int pass = 0; pass < testing::Passes(one); ++pass) {
    const auto seen = [&](int call) { return Changed(At(one.at("measured").at("d"), call, pass).value_or(0)); };
    const testing::Course course = Go(*MakeTeaCache(options), StackRun(steps), seen);
    EXPECT_EQ(course.mask, testing::MaskOf(one, pass));
    for (int call = 1; call < steps; ++call) {
      const auto sum = At(one.at("measured").at("accumulated"), call, pass);
      const double recorded = course.trace.at("criterion")[static_cast<size_t>(call) - 1];
      EXPECT_EQ(sum.has_value(), !std::isnan(recorded)) << call;
      if (sum) {
        EXPECT_NEAR(recorded, *sum, 1e-7 * (1 + std::abs(*sum))) << call;
      }
    }
  }
}

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(TeaCacheMeasured);
INSTANTIATE_TEST_SUITE_P(Dit, TeaCacheMeasured, ::testing::ValuesIn(testing::MeasuredCases("teacache")),
                         testing::NameOfMeasuredCase);

std::string MaskFor(const TeaCacheOptions& options, double change, int calls = 10) {
  return Text(Go(*MakeTeaCache(options), StackRun(calls), [=](int) { return Changed(change); }).mask);
}

// FLUX's polynomial is 0.264 at 0 and never below 0.180: what does not change at all is not free.
TEST(TeaCache, PublishedThresholdsBoundTheRuns) {
  EXPECT_EQ(MaskFor({.rel_l1_thresh = 0.25, .coefficients = {"flux"}}, 0), "1111111111");
  EXPECT_EQ(MaskFor({.rel_l1_thresh = 0.6, .coefficients = {"flux"}}, 0), "1001001001");
  double least = 1;
  for (double change = 0; change < 1; change += 1e-3) {
    const auto trace = Go(*MakeTeaCache({.rel_l1_thresh = 100, .coefficients = {"flux"}}), StackRun(3), [=](int) {
                         return Changed(change);
                       }).trace;
    least = std::min(least, trace.at("criterion")[0]);
  }
  EXPECT_NEAR(least, 0.180, 0.001);
}

// Wan-14B's is -0.64 at 0.1.
TEST(TeaCache, APolynomialBelow0TakesOffTheSumOnlyAsPublished) {
  const TeaCacheOptions wan{.rel_l1_thresh = 0.1, .coefficients = {"wan2.1_t2v_14b"}};
  const auto sums = [&](bool as_published) {
    TeaCacheOptions options = wan;
    options.who.as_published = as_published;
    return Go(*MakeTeaCache(options), StackRun(4), [](int) { return Changed(0.1); }).trace.at("criterion");
  };
  EXPECT_NEAR(sums(true)[0], -0.64, 0.01);
  EXPECT_NEAR(sums(true)[1], -1.28, 0.01);
  EXPECT_EQ(sums(false)[1], 0);
}

TEST(TeaCache, RefusesAsPublishedWhereNothingDiffers) {
  const CacheScope alone{.as_published = true, .scope = Scope::kSample};
  EXPECT_ERROR(MakeTeaCache({.rel_l1_thresh = 0.1, .who = alone}),
               "as_published: with the scope \"sample\" and a poly");
  EXPECT_NO_THROW(MakeTeaCache({.rel_l1_thresh = 0.1, .coefficients = {"flux"}, .who = alone}));
}

TEST(TeaCache, NothingByNothingComputes) {
  for (const bool as_published : {false, true})
    EXPECT_EQ(MaskFor({.rel_l1_thresh = 1, .who = {.as_published = as_published}}, std::nan("")), "1111111111");
}

TEST(TeaCache, PublishedCoefficientsBringTheirSignalAndTheirProtectedCalls) {
  EXPECT_EQ(MaskFor({.rel_l1_thresh = 1e6, .coefficients = {"wan2.1_t2v_1.3b"}}, 0.01), "1000000001");
  EXPECT_EQ(MaskFor({.rel_l1_thresh = 1e6, .coefficients = {"wan2.1_t2v_1.3b_ret"}}, 0.01), "1111100000");
  EXPECT_EQ(
      MaskFor({.rel_l1_thresh = 1e6, .coefficients = {"wan2.1_t2v_1.3b_ret"}, .ret_steps = 2, .last_steps = 3}, 0.01),
      "1100000111");
  const auto site = [](const char* name) {
    return MakeTeaCache({.rel_l1_thresh = 1, .coefficients = {name}})->Start(StackRun(9))->Probe(3)->signal;
  };
  EXPECT_EQ(site("flux"), Signal::kModulatedInput);
  EXPECT_EQ(site("wan2.1_t2v_1.3b"), Signal::kTimeEmbedding);
  EXPECT_EQ(site("wan2.1_t2v_1.3b_ret"), Signal::kTimeProjection);
  for (const auto& published : AllPublishedCoefficients())
    EXPECT_EQ(published.coefficients.size(), 5u) << published.name;
}

TEST(TeaCache, WhatTheNetworkDoesNotShowIsNotSupported) {
  RunShape run = StackRun(4);
  run.network.signals.erase(Signal::kTimeEmbedding);
  EXPECT_NO_THROW(MakeTeaCache({.rel_l1_thresh = 1})->Start(run));
  EXPECT_THROW(MakeTeaCache({.rel_l1_thresh = 1, .coefficients = {"wan2.1_t2v_14b"}})->Start(run), UnsupportedError);
  run.network.blocks = 0;
  EXPECT_THROW(MakeTeaCache({.rel_l1_thresh = 1})->Start(run), UnsupportedError);
  EXPECT_ERROR(MakeTeaCache({.rel_l1_thresh = 1, .coefficients = {"fluks"}}),
               "coefficients: no published coefficients have the name \"fluks\"; there are identity, flux, ");
  EXPECT_ERROR(MakeTeaCache({.rel_l1_thresh = 1, .coefficients = {1, "x"}}), "expected a list of at most 20 numbers");
}

}  // namespace
}  // namespace skipbench
