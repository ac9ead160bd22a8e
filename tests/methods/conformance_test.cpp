// What every method does: one body for the examples of each (conformance.h) and for the one in methods/README.md.
#include <gtest/gtest.h>
#include <methods/steady/steady.h>  // taken out of methods/README.md when the tests are built

#include "harness/sampling/search.h"
#include "methods/adaptive_diffusion/adaptive_diffusion.h"
#include "methods/catalog.h"
#include "methods/deepcache/deepcache.h"
#include "methods/difference_order/difference_order.h"
#include "methods/greedy_search/greedy_search.h"
#include "tests/methods/conformance.h"
#include "tests/sampling/fake_run.h"
#include "tests/sampling/small_trajectory.h"
#include "tests/sampling/toy_method.h"
#include "tests/support/fixtures.h"

namespace skipbench {
namespace {

using testing::FakeDenoiser;
using testing::FakeRun;
using testing::FakeScheduler;
using testing::SmallTrajectory;

const MethodType& TypeOf(const Example& example) {
  static const std::vector<MethodType> shown = {SteadyType(), testing::ToyType()};  // in the README, and by a stranger
  for (const auto& type : shown)
    if (type.name == example.type) return type;
  return FindMethodType(example.type, "test");
}

std::shared_ptr<const Method> MakeUnbound(const Example& example) {
  return TypeOf(example).make(JsonReader(example.options, "test.json", "methods[0]"));
}

// Methods whose paths are found before the run get some.
std::shared_ptr<const Method> Make(const Example& example) {
  const auto method = MakeUnbound(example);
  const auto* late = dynamic_cast<const LatePathMethod*>(method.get());
  if (!late) return method;
  PrecomputedPaths paths;
  paths.shared = Mask{1, 1, 0, 1, 0, 0, 1, 0, 1, 0, 1, 0};
  const auto bound = late->Bind(std::move(paths));
  EXPECT_EQ(bound->Label(), method->Label());
  return bound;
}

RunShape TwelveCalls() {
  RunShape shape{.steps = 12, .calls = 12};
  for (int call = 0; call < 12; ++call) shape.timesteps.push_back(1000 - 80 * call);
  for (int call = 0; call <= 12; ++call) {
    shape.sigmas.push_back(1 - call / 12.0);
    shape.alphas.push_back(call / 12.0);
    shape.scales.push_back(1);
  }
  shape.prediction_type = "flow_prediction";
  shape.network = FakeDenoiser().abilities();
  return shape;
}

// NaN is "none" in a trace, so traces are compared as text.
std::string AsText(const Trace& trace) {
  std::string text;
  for (const auto& [name, values] : trace)
    for (double value : values) text += fmt::format("{} {} ", name, value);
  return text;
}

// What a policy decided and recorded along a trajectory.
struct Course {
  std::vector<Decision> decisions;
  Trace trace;
};

Course Follow(const Method& method, double wobble, double unasked = kNotShown) {
  const RunShape shape = TwelveCalls();
  const auto policy = method.Start(shape);
  SmallTrajectory trajectory(method, wobble, unasked);
  Course course;
  for (int call = 0; call < shape.calls; ++call) {
    course.decisions.push_back(trajectory.Next(*policy, call));
  }
  trajectory.Finish(*policy, shape.calls - 1);
  course.trace = policy->TakeTrace();
  return course;
}

TEST_P(MethodConformance, FirstCallPredictsAndStaysInBounds) {
  const auto method = Make(GetParam());
  EXPECT_EQ(method->type(), GetParam().type);
  EXPECT_NE(method->Label().find(GetParam().type), std::string::npos);
  const RunShape shape = TwelveCalls();
  std::map<CacheSite, size_t> kept;
  for (const Keep& keep : method->Keeps(shape)) kept[keep.site] = static_cast<size_t>(keep.depth);
  const Course course = Follow(*method, 0);
  EXPECT_EQ(course.decisions[0].action, Action::kPredict);
  for (const Decision& decision : course.decisions)
    if (decision.action == Action::kShallow || decision.action == Action::kCombine) {
      const bool named = decision.action == Action::kShallow || decision.site.level == CacheSite::Level::kCalls;
      const CacheSite site = named ? decision.site : CacheSite{.level = CacheSite::Level::kOutput};
      ASSERT_TRUE(kept.contains(site)) << ToString(decision);
      const int asked =
          std::max(DepthOf(decision, RoundedSum::From::kKept), DepthOf(decision, RoundedSum::From::kInput) - 1);
      EXPECT_LE(static_cast<size_t>(asked), kept[site]);
    }
  for (const auto& [name, values] : course.trace) EXPECT_EQ(static_cast<int>(values.size()), shape.calls) << name;
}

// A sum that the method's Observes() does not name moves nothing, whatever stands there.
TEST_P(MethodConformance, DecidesByWhatItAskedForOnly) {
  const auto method = Make(GetParam());
  for (const double wobble : {0.0, 0.5, 1.0}) {
    const Course course = Follow(*method, wobble), disturbed = Follow(*method, wobble, 1e-3);
    EXPECT_EQ(disturbed.decisions, course.decisions) << "it reads sums that Observes() does not ask for";
    EXPECT_EQ(AsText(disturbed.trace), AsText(course.trace));
  }
}

// Criterion and threshold are what was compared, in the declared direction.
TEST_P(MethodConformance, DecidesAsItsCriterionDeclares) {
  const auto method = Make(GetParam());
  const auto declared = method->criterion();
  if (ThresholdOption(TypeOf(GetParam()))) EXPECT_TRUE(declared) << "an option is marked as a threshold of nothing";
  if (!declared) GTEST_SKIP() << "declares no criterion";
  EXPECT_FALSE(declared->name.empty());
  EXPECT_FALSE(declared->axis.empty());
  int compared = 0;
  for (const double wobble : {0.0, 0.5, 1.0}) {
    const Course course = Follow(*method, wobble);
    ASSERT_TRUE(course.trace.contains("criterion") && course.trace.contains("threshold"));
    for (size_t call = 1; call < course.decisions.size(); ++call) {
      const double criterion = course.trace.at("criterion")[call - 1],
                   threshold = course.trace.at("threshold")[call - 1];
      EXPECT_EQ(std::isnan(criterion), std::isnan(threshold)) << "call " << call;
      if (std::isnan(criterion) || criterion == threshold) continue;
      ++compared;
      EXPECT_EQ(course.decisions[call].action == Action::kPredict,
                (criterion > threshold) == (declared->predicts == Criterion::Predicts::kAbove))
          << "call " << call << ": " << criterion << " against " << threshold;
    }
  }
  EXPECT_GT(compared, 0);
}

// As long as decisions are the same, a larger option is a larger threshold in proportion, and the criterion stays.
TEST_P(MethodConformance, ItsThresholdIsProportionalToTheOptionItMarks) {
  const OptionSpec* option = ThresholdOption(TypeOf(GetParam()));
  if (!option) GTEST_SKIP() << "marks no option";
  Example larger = GetParam();
  const double factor = 1.05;
  ASSERT_TRUE(larger.options.contains(option->name)) << "the example must give it";
  larger.options[option->name] = factor * larger.options[option->name].get<double>();
  const auto method = Make(GetParam()), other = Make(larger);
  int compared = 0;
  for (const double wobble : {0.0, 0.5, 1.0}) {
    const Course a = Follow(*method, wobble), b = Follow(*other, wobble);
    for (size_t call = 0; call < a.decisions.size() && a.decisions[call] == b.decisions[call]; ++call) {
      const double threshold = a.trace.at("threshold")[call];
      if (std::isnan(threshold)) continue;
      ++compared;
      EXPECT_EQ(b.trace.at("criterion")[call], a.trace.at("criterion")[call]);
      EXPECT_NEAR(b.trace.at("threshold")[call], factor * threshold, 1e-12 * std::abs(threshold)) << "call " << call;
    }
  }
  EXPECT_GT(compared, 0);
}

// A clone made after any call decides and records as the original does, and is independent of it.
TEST_P(MethodConformance, CloneContinuesAlikeAndIndependently) {
  const auto method = Make(GetParam());
  const RunShape shape = TwelveCalls();
  for (int fork = 0; fork < shape.calls; ++fork) {
    auto original = method->Start(shape);
    SmallTrajectory trajectory(*method, 0);
    std::vector<Decision> expected;
    std::unique_ptr<Policy> clone, disturbed;
    std::optional<SmallTrajectory> after, elsewhere;
    for (int call = 0; call < shape.calls; ++call) {
      expected.push_back(trajectory.Next(*original, call));
      if (call == fork) {
        clone = original->Clone();
        disturbed = original->Clone();
        after = trajectory;
        elsewhere.emplace(*method, 0.7);
        for (int c = 0; c <= call; ++c) elsewhere->Pass(c, expected[static_cast<size_t>(c)]);
      } else if (disturbed) {
        elsewhere->Next(*disturbed, call);
      }
    }
    trajectory.Finish(*original, shape.calls - 1);
    for (int call = fork + 1; call < shape.calls; ++call)
      EXPECT_EQ(after->Next(*clone, call), expected[call]) << "forked after " << fork << ", call " << call;
    after->Finish(*clone, shape.calls - 1);
    EXPECT_EQ(AsText(clone->TakeTrace()), AsText(original->TakeTrace()));
  }
}

TEST_P(MethodConformance, RunsInATreeWithAsManyDecisionsAsCalls) {
  const auto method = Make(GetParam());
  FakeDenoiser denoiser;
  TreeOptions options;
  options.group_size = 2;
  const TreeResult result = FakeRun{FakeScheduler(12), 3}.Run({method.get()}, options, &denoiser);
  for (const auto& record : result.records[0]) {
    EXPECT_EQ(record.decisions.size(), 12u);
    EXPECT_TRUE(at::isfinite(record.final_latent).all().item<bool>());
  }
}

class NanAtTheEnd : public FakeDenoiser {
 public:
  DenoiserOutput Predict(const DenoiserInput& input) override {
    DenoiserOutput output = FakeDenoiser::Predict(input);
    output.model_output.fill_(std::nan(""));
    return output;
  }
};

TEST_P(MethodConformance, LatentsThatAreNotFiniteAreAnError) {
  const auto method = Make(GetParam());
  NanAtTheEnd denoiser;
  EXPECT_ERROR((FakeRun{FakeScheduler(12), 2}.Run({method.get()}, {}, &denoiser)),
               "sample 100: the latent after call 0");
}

METHOD_EXAMPLES(TheReadmes, {"steady", {{"delta", 0.2}}});
METHOD_EXAMPLES(AStrangers, {"toy", {{"similarity", 0.92}}});

TEST(Methods, EveryTypeHasAnExample) {
  for (const auto& type : MethodTypes()) {
    bool found = false;
    const auto& tests = *::testing::UnitTest::GetInstance();
    for (int s = 0; s < tests.total_test_suite_count(); ++s) {
      const auto& suite = *tests.GetTestSuite(s);
      for (int t = 0; std::string(suite.name()).ends_with("/MethodConformance") && t < suite.total_test_count(); ++t)
        found |= std::string(suite.GetTestInfo(t)->name()).find("/" + type.name + "_") != std::string::npos;
    }
    EXPECT_TRUE(found) << type.name << " has no METHOD_EXAMPLES (tests/methods/conformance.h)";
  }
}

TEST(Methods, EveryOptionIsListedWithHelpAndHoldsItsLimits) {
  for (const auto& type : MethodTypes())
    for (const auto& option : type.options) {
      SCOPED_TRACE(type.name + "." + option.name);
      EXPECT_FALSE(option.help.empty());
      EXPECT_FALSE(option.Allowed().empty());
      const auto refused = [&](const Json& value) {
        Json options = {{option.name, value}};
        for (const auto& other : type.options)
          if (other.required && other.name != option.name) options[other.name] = other.min;
        EXPECT_ERROR(type.make(JsonReader(options, "test.json", "methods[0]")),
                     "test.json: methods[0]." + option.name + ": ");
      };
      refused(Json::object());
      if (option.list) continue;
      for (const auto& [limit, step] : {std::pair(option.min, -1), std::pair(option.max, 1)})
        if (limit.is_number_integer())
          refused(limit.get<int64_t>() + step);
        else if (limit.is_number())
          refused(limit.get<double>() + step * std::max(1.0, std::abs(limit.get<double>())));
      if (!option.choices.empty()) refused("magic");
    }
}

TEST(Methods, LimitsHoldForOptionsBuiltInCpp) {
  EXPECT_ERROR(MakeAdaptiveDiffusion({.delta = -1}),
               "adaptive_diffusion: delta: expected a number in [0, 1000000], found -1");
  EXPECT_ERROR(MakeAdaptiveDiffusion({.delta = std::nan("")}), "adaptive_diffusion: delta: expected a number");
  EXPECT_ERROR(MakeAdaptiveDiffusion({.norm = AdaptiveDiffusionOptions::Norm::kL2}),
               "norm: only the criterion \"tensor\" has a norm");
  EXPECT_ERROR(MakeDifferenceOrder({.order = 4}), "difference_order: order: expected an integer in [1, 3], found 4");
  EXPECT_ERROR(MakeDeepCache({.interval = 0}), "deepcache: interval: expected an integer in [1, 1000], found 0");
  EXPECT_ERROR(MakeDeepCache({.power = 2}), "deepcache: power: the uniform schedule has no power");
  EXPECT_ERROR(MakePathSearch({.beam = 0}), "a search for paths: beam: expected an integer in [1, 10000], found 0");
  EXPECT_ERROR(MakePathSearch({.beam = 2, .exhaustive = true}), "beam: an exhaustive search has none");
}

// A default that is listed is the one in force: said aloud it makes the same method.
TEST(Methods, ListedDefaultsAreThoseInForce) {
  for (const auto& suite :
       {Example{"adaptive_diffusion", Json::object()}, Example{"deepcache", Json::object()},
        Example{"difference_order", {{"order", 2}, {"delta", 0.1}}}, Example{"greedy_search", {{"skips", 2}}}}) {
    const std::string label = MakeUnbound(suite)->Label();
    for (const auto& option : TypeOf(suite).options) {
      if (option.fallback.empty() || option.name == "norm" || option.name == "power" || option.name == "center" ||
          option.name == "samples")
        continue;
      Example said = suite;
      said.options[option.name] =
          option.kind == OptionKind::kText ? Json(option.fallback) : Json::parse(option.fallback);
      EXPECT_EQ(MakeUnbound(said)->Label(), label) << option.name;
    }
  }
  EXPECT_EQ(MakeUnbound({"adaptive_diffusion", Json::object()})->Label(), MakeAdaptiveDiffusion({})->Label());
}

TEST(Methods, BadOptionsNameTheKey) {
  auto make = [](const std::string& type, Json options) { Make({type, std::move(options)}); };
  EXPECT_ERROR(make("adaptive_diffusion", {{"delta", -1}}), "test.json: methods[0].delta: expected a number in [0,");
  EXPECT_ERROR(make("adaptive_diffusion", {{"criterion", "guess"}}),
               "methods[0].criterion: expected one of published, tensor");
  EXPECT_ERROR(make("adaptive_diffusion", {{"norm", "l2"}}), "only the criterion \"tensor\" has a norm");
  EXPECT_ERROR(
      make("adaptive_diffusion", {{"dleta", 1}}),
      "methods[0].dleta: unknown key; known here: criterion, delta, max_skips, norm, scope; did you mean \"delta\"?");
  EXPECT_ERROR(make("difference_order", {{"delta", 0.1}}), "methods[0].order: missing");
  EXPECT_ERROR(make("difference_order", {{"order", 4}, {"delta", 0.1}}),
               "methods[0].order: expected an integer in [1, 3]");
  EXPECT_ERROR(make("difference_order", {{"order", 1}}), "methods[0].delta: missing");
  EXPECT_ERROR(make("fewer_steps", Json::object()), "methods[0].steps: missing");
  EXPECT_ERROR(make("fixed_path", {{"mask", {0, 1}}}), "entry 0 must be 1");
  EXPECT_ERROR(make("fixed_path", {{"mask", {1, 2}}}), "entries are 1 (predict) or 0 (reuse), found 2");
  EXPECT_ERROR(make("fixed_path", Json::object()), "give one of \"mask\", \"interval\", \"random\" and \"from\"");
  EXPECT_ERROR(make("fixed_path", {{"mask", {1, 0}}, {"random", 1}}), "give one of");
  EXPECT_ERROR(make("fixed_path", {{"interval", 2}, {"seed", 1}}),
               "methods[0].seed: only a path at \"random\" has a seed");
  EXPECT_ERROR(Make({"fixed_path", {{"random", 12}}})->Start(TwelveCalls()), "of 12 calls at most 11 can be skipped");
  EXPECT_ERROR(make("greedy_search", Json::object()), "give either \"skips\" or \"error_bound\"");
  EXPECT_ERROR(make("greedy_search", {{"skips", 2}, {"error_bound", 1}}), "give either \"skips\" or \"error_bound\"");
  EXPECT_ERROR(make("greedy_search", {{"skips", 2}, {"samples", 4}}), "only with the scope \"shared\"");
  EXPECT_ERROR(make("greedy_search", {{"skips", 2}, {"beam", 4}, {"exhaustive", true}}),
               "an exhaustive search has none");
  EXPECT_ERROR(MakeUnbound({"greedy_search", {{"skips", 12}}})->Start(TwelveCalls()),
               "greedy_search(skips=12): 12 skips were asked for");
  EXPECT_ERROR(MakeUnbound({"greedy_search", {{"skips", 2}}})->Start(TwelveCalls())->Decide(0),
               "its path was not found yet");
  EXPECT_ERROR(make("deepcache", {{"power", 2}}), "the uniform schedule has no power");
  EXPECT_ERROR(FindMethodType("magic", "test.json: methods[0].type"),
               "unknown method \"magic\"; known: full_step, fewer_steps");
  EXPECT_ERROR(FindMethodType("AdaptiveDifusion", "test.json: methods[0].type"),
               "; did you mean \"adaptive_diffusion\"?");
  const auto path = Make({"fixed_path", {{"mask", {1, 0}}}});
  EXPECT_ERROR(path->Start(TwelveCalls()), "the path has 2 entries, the run makes 12 scheduler calls");
  const auto cache = Make({"deepcache", {{"branch", 3}}});
  EXPECT_ERROR(cache->Start(TwelveCalls()), "the network has branches 0 to 2, not 3");
}

// What methods/README.md says of its example: one skip after a prediction that moved little.
TEST(Methods, TheExampleInTheReadmeSkips) {
  const auto nfe = [&](double delta) {
    const Course course = Follow(*Make({"steady", {{"delta", delta}}}), 0);
    return std::count_if(course.decisions.begin(), course.decisions.end(),
                         [](const Decision& d) { return d.action == Action::kPredict; });
  };
  EXPECT_EQ(nfe(0), 12);
  EXPECT_EQ(nfe(2), 7);  // 0, then every second one from 1 on
  EXPECT_LE(nfe(0.2), nfe(0.1));
}

TEST(Methods, PathsThatWereFoundBeforeTheRunAreChecked) {
  const auto method = std::dynamic_pointer_cast<const LatePathMethod>(MakeUnbound({"greedy_search", {{"skips", 5}}}));
  ASSERT_TRUE(method);
  PrecomputedPaths paths;
  paths.by_sample[4] = Mask{1, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
  paths.missing[5] = "it diverged";
  paths.otherwise = "it was not searched";
  const auto bound = method->Bind(paths);
  EXPECT_EQ(bound->StartFor(TwelveCalls(), 4)->Decide(1).action, Action::kReuse);
  EXPECT_ERROR(bound->StartFor(TwelveCalls(), 5), "greedy_search(skips=5): no path for sample 5: it diverged");
  EXPECT_ERROR(bound->StartFor(TwelveCalls(), 6), "no path for sample 6: it was not searched");
  paths.by_sample[7] = Mask{1, 0, 1};
  EXPECT_ERROR(method->Bind(paths)->Start(TwelveCalls()),
               "the path has 3 entries, the run makes 12 scheduler calls (12 steps)");
  paths.by_sample[7] = Mask{0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
  EXPECT_ERROR(method->Bind(paths)->Start(TwelveCalls()), "the path 011111111111 skips call 0");
}

}  // namespace
}  // namespace skipbench
