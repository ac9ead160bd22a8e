#include "methods/easy_cache/easy_cache.h"

#include "tests/methods/conformance.h"
#include "tests/methods/measured_case.h"

namespace skipbench {
namespace {

using testing::At;
using testing::Go;
using testing::StackRun;
using testing::Text;
using Rule = EasyCacheOptions::Rule;

METHOD_EXAMPLES(EasyCache, {"easy_cache", {{"thresh", 0.7}, {"rule", "comfyui"}, {"as_published", true}}},
                {"easy_cache", {{"thresh", 0.5}, {"ret_steps", 3}}},
                {"easy_cache", {{"thresh", 0.5}, {"ret_steps", 2}, {"last_steps", 3}, {"as_published", true}}},
                {"easy_cache", {{"thresh", 0.7}, {"rule", "comfyui"}, {"halves", "joint"}}},
                {"easy_cache", {{"thresh", 0.7}, {"rule", "comfyui"}, {"start_percent", 0.3}, {"end_percent", 0.8}}});

class EasyCacheMeasured : public ::testing::TestWithParam<Json> {};

// The rule of EasyCache4Wan2.1 and EasyCache4HunyuanVideo. With outputs of size 1 and inputs that have moved by 1 since
// the last full forward, what the output moved is k, and a call's input moves by what is added up, by k.
TEST_P(EasyCacheMeasured, AddsUpAndDecidesAlike) {
  const Json& one = GetParam();
  const Json& given = one.at("parameters");
  const Json &sums = one.at("measured").at("accumulated"), &k = one.at("measured").at("k");
  const auto method = MakeEasyCache({.thresh = given.at("threshold"),
                                     .ret_steps = given.at("first"),
                                     .last_steps = given.at("last"),
                                     .who = {.as_published = true}});
  const std::vector<int> mask = testing::MaskOf(one, 0);
  const auto seen = [&](int call) {
    double moved = 1;
    if (call > 0 && At(sums, call, 0)) {
      const double before = mask[static_cast<size_t>(call) - 1] ? 0 : At(sums, call - 1, 0).value();
      moved = (At(sums, call, 0).value() - before) / At(k, call, 0).value();
    }
    return ProbeSums{.elements = 1, .previous_change = moved, .computed_change = 1};
  };
  const auto output = [&](int call) {
    const bool more = call + 1 < std::ssize(mask);
    return OutputSums{.elements = 1,
                      .self_abs = 1,
                      .change = more ? At(k, call + 1, 0).value_or(kNotShown) : kNotShown,
                      .changed_elements = 1};
  };
  const testing::Course course = Go(*method, StackRun(one.at("config").at("steps")), seen, output);
  EXPECT_EQ(course.mask, mask);
  for (int call = 1; call < std::ssize(mask); ++call)
    if (const auto sum = At(sums, call, 0)) {
      EXPECT_NEAR(course.trace.at("criterion")[static_cast<size_t>(call) - 1], *sum, 1e-7) << call;
    }
}

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(EasyCacheMeasured);
INSTANTIATE_TEST_SUITE_P(Dit, EasyCacheMeasured, ::testing::ValuesIn(testing::MeasuredCases("easycache")),
                         testing::NameOfMeasuredCase);

// Inputs that move by 1 a call in one direction, of outputs of size 10 that move as much.
testing::Course Steady(const EasyCacheOptions& options, int calls) {
  int last = 0, moved = 0;
  const auto seen = [&](int call) {
    moved = call - last;
    return ProbeSums{.elements = 1, .previous_change = 1, .computed_change = static_cast<double>(moved)};
  };
  const auto output = [&](int call) {
    last = call;
    return OutputSums{.elements = 1, .self_abs = 10, .change = static_cast<double>(moved), .changed_elements = 1};
  };
  return Go(*MakeEasyCache(options), StackRun(calls), seen, output);
}

TEST(EasyCache, AddsTheInputsOwnMovementToTheLastOutput) {
  const auto course = Steady({.thresh = 0.35, .ret_steps = 2}, 10);
  EXPECT_EQ(Text(course.mask), "1100010001");  // 0.1, 0.2, 0.3, 0.4
  EXPECT_EQ(course.decisions[2].action, Action::kCombine);
  EXPECT_EQ(course.decisions[2].weights, std::vector<double>{1});
  EXPECT_EQ(course.decisions[2].input_weights, (std::vector<double>{1, -1}));
}

// A run of three adds the distances 1, 1 + 2, 1 + 2 + 3 from the last full forward; outputs before the window count for
// nothing.
TEST(EasyCache, ComfyUiAddsDistancesFromTheLastFullForward) {
  EasyCacheOptions options{.rule = Rule::kComfyUi, .thresh = 0.65, .start_percent = 0.2, .end_percent = 0.9};
  const auto course = Steady(options, 20);
  //                             window: 4 up to 17
  EXPECT_EQ(Text(course.mask), "11111100010001000111");
  EXPECT_NEAR(course.trace.at("criterion")[5], 0.1, 1e-12);
  EXPECT_NEAR(course.trace.at("criterion")[6], 0.3, 1e-12);
  EXPECT_NEAR(course.trace.at("criterion")[7], 0.6, 1e-12);
  EXPECT_NEAR(course.trace.at("criterion")[8], 1.0, 1e-12);
}

// The node's wrapper on toy trajectories, with every pixel compared (tests/fixtures/dit/README.md).
TEST(EasyCache, ComfyUiDecidesAsTheNode) {
  const testing::Manifest manifest = testing::LoadManifest("dit", "easy_cache_comfyui.json");
  if (!manifest.exists) GTEST_SKIP() << "no folder dit";
  for (const Json& one : manifest.json.at("cases")) {
    Json options = one.at("options");
    SCOPED_TRACE(options.dump());
    options["rule"] = "comfyui";
    const auto method = EasyCacheType().make(JsonReader(options, "test.json", "methods[0]"));
    const Json& measured = one.at("measured");
    const auto value = [&](int call, const char* key) {
      const Json& step = measured[static_cast<size_t>(call)];
      return step.contains(key) && step[key].is_number() ? step[key].get<double>() : kNotShown;
    };
    const auto seen = [&](int call) {
      ProbeSums sums;
      sums.elements = 1;
      sums.computed_change = value(call, "moved");
      return sums;
    };
    const auto output = [&](int call) {
      return OutputSums{
          .elements = 1, .self_abs = value(call, "size"), .change = value(call, "change"), .changed_elements = 1};
    };
    const testing::Course course = Go(*method, StackRun(static_cast<int>(measured.size())), seen, output);
    EXPECT_EQ(Text(course.mask), one.at("mask"));
    for (int call = 1; call < std::ssize(measured); ++call)
      if (const double sum = value(call, "sum"); !std::isnan(sum)) {
        EXPECT_NEAR(course.trace.at("criterion")[static_cast<size_t>(call) - 1], sum, 1e-8) << call;
      }
  }
}

TEST(EasyCache, OptionsOfOneRuleOnly) {
  EXPECT_ERROR(MakeEasyCache({.start_percent = 0.3}), "only the rule \"comfyui\" has a window");
  EXPECT_ERROR(MakeEasyCache({.rule = Rule::kComfyUi, .ret_steps = 3}), "has a window instead");
  EXPECT_ERROR(MakeEasyCache({.who = {.as_published = true, .scope = Scope::kSample}}),
               "as_published: with the scope \"sample\" nothing differs");
  EXPECT_ERROR(MakeEasyCache({.rule = Rule::kComfyUi, .start_percent = 0.5, .end_percent = 0.5}),
               "end_percent: expected more than start_percent, 0.5, found 0.5");
  EXPECT_EQ(MakeEasyCache({})->Label(), "easy_cache(thresh=0.05,ret_steps=10)");
  EXPECT_EQ(MakeEasyCache({})->Halves({}), GuidanceScope::kConditional);
  const auto node = MakeEasyCache({.rule = Rule::kComfyUi, .who = {.as_published = true}});
  EXPECT_EQ(node->Halves({}), GuidanceScope::kUnconditional);
  RunShape packed = StackRun(4);
  packed.network.signals.erase(ProbeSite::Signal::kFilteredInput);
  EXPECT_ERROR(node->Start(packed), "every eighth row and column");
}

// A network whose output did not move although its input did predicts no change; one whose input did not move, either,
// says nothing: 0/0 computes.
TEST(EasyCache, NothingByNothingComputes) {
  const auto still = [](int) { return ProbeSums{.elements = 1, .previous_change = 0, .computed_change = 0}; };
  const auto output = [](int) { return OutputSums{.elements = 1, .self_abs = 1, .change = 0, .changed_elements = 1}; };
  EXPECT_EQ(Text(Go(*MakeEasyCache({.ret_steps = 2}), StackRun(6), still, output).mask), "111111");
}

}  // namespace
}  // namespace skipbench
