// One body that every method passes, instantiated for every entry of the catalog.
#include <gtest/gtest.h>

#include "harness/sampling/search.h"
#include "methods/catalog.h"
#include "tests/sampling/fake_run.h"
#include "tests/support/fixtures.h"

namespace skipbench {
namespace {

using testing::FakeDenoiser;
using testing::FakeRun;
using testing::FakeScheduler;

struct Example {
  std::string type;
  Json options;
};

// At least one example of each type in the catalog; EveryTypeHasAnExample checks that.
std::vector<Example> Examples() {
  return {
      {"full_step", Json::object()},
      {"fewer_steps", {{"steps", 12}}},
      {"fixed_path", {{"interval", 3}}},
      {"fixed_path", {{"mask", {1, 1, 0, 1, 0, 0, 1, 0, 1, 0, 1, 0}}}},
      {"fixed_path", {{"random", 7}, {"seed", 3}}},
      {"fixed_path", {{"from", "other"}, {"skips", 5}}},
      {"greedy_search", {{"skips", 5}}},
      {"greedy_search", {{"error_bound", 0.5}, {"scope", "shared"}, {"beam", 2}, {"max_run", 2}, {"first", 2}, {"last", 1}}},
      {"deepcache", {{"interval", 3}, {"branch", 1}}},
      {"deepcache", {{"interval", 2}, {"schedule", "quad_center"}, {"center", 5}, {"power", 1.4}}},
      {"deepcache", {{"interval", 4}, {"schedule", "quad"}, {"power", 1.4}}},
      {"adaptive_diffusion", {{"delta", 0.3}, {"max_skips", 2}}},
      {"adaptive_diffusion", {{"delta", 0.5}, {"max_skips", 0}}},
      {"adaptive_diffusion", {{"delta", 0.3}, {"criterion", "tensor"}, {"norm", "l2"}}},
      {"adaptive_diffusion", {{"delta", 0.3}, {"scope", "group"}}},
      {"difference_order", {{"order", 1}, {"delta", 0.3}}},
      {"difference_order", {{"order", 2}, {"delta", 0.3}, {"norm", "l2"}}},
      {"difference_order", {{"order", 3}, {"delta", 0.3}, {"scope", "group"}}},
  };
}

std::shared_ptr<const Method> MakeUnbound(const Example& example) {
  const JsonReader reader(example.options, "test.json", "methods[0]");
  std::shared_ptr<const Method> method = FindMethodType(example.type, "test").make(reader);
  reader.RejectUnknownKeys();
  return method;
}

// Methods whose paths are found before the run get some.
std::shared_ptr<const Method> Make(const Example& example) {
  const auto method = MakeUnbound(example);
  const auto* late = dynamic_cast<const LatePathMethod*>(method.get());
  if (!late) return method;
  SuppliedPaths paths;
  paths.shared = Mask{1, 1, 0, 1, 0, 0, 1, 0, 1, 0, 1, 0};
  const auto bound = late->Bind(std::move(paths));
  EXPECT_EQ(bound->Label(), method->Label());
  return bound;
}

RunShape TwelveCalls() {
  RunShape shape{.steps = 12, .calls = 12, .branches = 3};
  for (int call = 0; call < 12; ++call) shape.timesteps.push_back(1000 - 80 * call);
  return shape;
}

// An observation a policy may meet: finite positive sums that vary from call to call.
Observation Seen(int call, double wobble) {
  Observation seen;
  seen.elements = 30;
  for (int order = 0; order < 3; ++order) {
    seen.latent.abs[order] = seen.prediction.abs[order] = 3.0 / (order + 1) + 0.4 * std::sin(call * (1.3 + wobble) + order);
    seen.latent.square[order] = seen.prediction.square[order] = 0.5 * seen.latent.abs[order];
  }
  seen.latent.self_abs = seen.latent.self_square = 10;
  return seen;
}

class MethodConformance : public ::testing::TestWithParam<Example> {};

TEST_P(MethodConformance, FirstCallPredictsAndStaysInBounds) {
  const auto method = Make(GetParam());
  EXPECT_EQ(method->type(), GetParam().type);
  EXPECT_NE(method->Label().find(GetParam().type), std::string::npos);
  const RunShape shape = TwelveCalls();
  const auto declared = method->CachedBranches(shape);
  const auto policy = method->Start(shape);
  for (int call = 0; call < shape.calls; ++call) {
    const Decision decision = policy->Decide(call);
    if (call == 0) EXPECT_EQ(decision.action, Action::kPredict);
    if (decision.action == Action::kShallow)
      EXPECT_NE(std::find(declared.begin(), declared.end(), decision.branch), declared.end());
    policy->Observe(call, Seen(call, 0));
  }
  for (const auto& [name, values] : policy->TakeTrace()) EXPECT_EQ(static_cast<int>(values.size()), shape.calls) << name;
}

// A clone made after any call decides and records as the original does, and is independent of it.
TEST_P(MethodConformance, CloneContinuesAlikeAndIndependently) {
  const auto method = Make(GetParam());
  const RunShape shape = TwelveCalls();
  for (int fork = 0; fork < shape.calls; ++fork) {
    auto original = method->Start(shape);
    std::vector<Decision> expected;
    std::unique_ptr<Policy> clone, disturbed;
    for (int call = 0; call < shape.calls; ++call) {
      expected.push_back(original->Decide(call));
      original->Observe(call, Seen(call, 0));
      if (call == fork) {
        clone = original->Clone();
        disturbed = original->Clone();
      } else if (disturbed) {
        disturbed->Decide(call);
        disturbed->Observe(call, Seen(call, 0.7));
      }
    }
    for (int call = fork + 1; call < shape.calls; ++call) {
      EXPECT_EQ(clone->Decide(call), expected[call]) << "forked after " << fork << ", call " << call;
      clone->Observe(call, Seen(call, 0));
    }
    // NaN is "none" in a trace, so traces are compared as text.
    const auto as_text = [](const Trace& trace) {
      std::string text;
      for (const auto& [name, values] : trace)
        for (double value : values) text += fmt::format("{} {} ", name, value);
      return text;
    };
    EXPECT_EQ(as_text(clone->TakeTrace()), as_text(original->TakeTrace()));
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
    output.raw.fill_(std::nan(""));
    return output;
  }
};

TEST_P(MethodConformance, LatentsThatAreNotFiniteAreAnError) {
  const auto method = Make(GetParam());
  NanAtTheEnd denoiser;
  EXPECT_ERROR((FakeRun{FakeScheduler(12), 2}.Run({method.get()}, {}, &denoiser)), "sample 100: the latent after call 0");
}

INSTANTIATE_TEST_SUITE_P(All, MethodConformance, ::testing::ValuesIn(Examples()), [](const auto& info) {
  return fmt::format("{}_{}", info.param.type, info.index);
});

TEST(Methods, EveryTypeHasAnExample) {
  std::set<std::string> examples;
  for (const auto& example : Examples()) examples.insert(example.type);
  for (const auto& type : MethodTypes()) EXPECT_TRUE(examples.contains(type.name)) << type.name;
}

TEST(Methods, BadOptionsNameTheKey) {
  auto make = [](const std::string& type, Json options) { Make({type, std::move(options)}); };
  EXPECT_ERROR(make("adaptive_diffusion", {{"delta", -1}}), "test.json: methods[0].delta: expected a number in [0,");
  EXPECT_ERROR(make("adaptive_diffusion", {{"criterion", "guess"}}), "methods[0].criterion: expected one of published, tensor");
  EXPECT_ERROR(make("adaptive_diffusion", {{"norm", "l2"}}), "only the criterion \"tensor\" has a norm");
  EXPECT_ERROR(make("adaptive_diffusion", {{"dleta", 1}}), "methods[0].dleta: unknown key; known here: criterion, delta");
  EXPECT_ERROR(make("difference_order", {{"delta", 0.1}}), "methods[0].order: missing");
  EXPECT_ERROR(make("difference_order", {{"order", 4}, {"delta", 0.1}}), "methods[0].order: expected an integer in [1, 3]");
  EXPECT_ERROR(make("difference_order", {{"order", 1}}), "methods[0].delta: missing");
  EXPECT_ERROR(make("fewer_steps", Json::object()), "methods[0].steps: missing");
  EXPECT_ERROR(make("fixed_path", {{"mask", {0, 1}}}), "entry 0 must be 1");
  EXPECT_ERROR(make("fixed_path", {{"mask", {1, 2}}}), "entries are 1 (predict) or 0 (reuse), found 2");
  EXPECT_ERROR(make("fixed_path", Json::object()), "give one of \"mask\", \"interval\", \"random\" and \"from\"");
  EXPECT_ERROR(make("fixed_path", {{"mask", {1, 0}}, {"random", 1}}), "give one of");
  EXPECT_ERROR(make("fixed_path", {{"interval", 2}, {"seed", 1}}), "methods[0].seed: unknown key");
  EXPECT_ERROR(Make({"fixed_path", {{"random", 12}}})->Start(TwelveCalls()), "of 12 calls at most 11 can be skipped");
  EXPECT_ERROR(make("greedy_search", Json::object()), "give either \"skips\" or \"error_bound\"");
  EXPECT_ERROR(make("greedy_search", {{"skips", 2}, {"error_bound", 1}}), "give either \"skips\" or \"error_bound\"");
  EXPECT_ERROR(make("greedy_search", {{"skips", 2}, {"samples", 4}}), "only with the scope \"shared\"");
  EXPECT_ERROR(make("greedy_search", {{"skips", 2}, {"beam", 4}, {"exhaustive", true}}), "an exhaustive search has none");
  EXPECT_ERROR(MakeUnbound({"greedy_search", {{"skips", 12}}})->Start(TwelveCalls()), "greedy_search(skips=12): 12 skips were asked for");
  EXPECT_ERROR(MakeUnbound({"greedy_search", {{"skips", 2}}})->Start(TwelveCalls())->Decide(0), "its path was not found yet");
  EXPECT_ERROR(make("deepcache", {{"power", 2}}), "the uniform schedule has no power");
  EXPECT_ERROR(FindMethodType("magic", "test.json: methods[0].type"), "unknown method \"magic\"; known: full_step, fewer_steps");
  const auto path = Make({"fixed_path", {{"mask", {1, 0}}}});
  EXPECT_ERROR(path->Start(TwelveCalls()), "the mask has 2 entries, the run makes 12 scheduler calls");
  const auto cache = Make({"deepcache", {{"branch", 3}}});
  EXPECT_ERROR(cache->Start(TwelveCalls()), "the network has branches 0 to 2, not 3");
}

TEST(Methods, PathsThatWereFoundBeforeTheRunAreChecked) {
  const auto method = std::dynamic_pointer_cast<const LatePathMethod>(MakeUnbound({"greedy_search", {{"skips", 5}}}));
  ASSERT_TRUE(method);
  SuppliedPaths paths;
  paths.by_sample[4] = Mask{1, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
  paths.missing[5] = "it diverged";
  paths.otherwise = "it was not searched";
  const auto bound = method->Bind(paths);
  EXPECT_EQ(bound->StartFor(TwelveCalls(), 4)->Decide(1).action, Action::kReuse);
  EXPECT_ERROR(bound->StartFor(TwelveCalls(), 5), "greedy_search(skips=5): no path for sample 5: it diverged");
  EXPECT_ERROR(bound->StartFor(TwelveCalls(), 6), "no path for sample 6: it was not searched");
  paths.by_sample[7] = Mask{1, 0, 1};
  EXPECT_ERROR(method->Bind(paths)->Start(TwelveCalls()), "the path has 3 entries, the run makes 12 scheduler calls (12 steps)");
  paths.by_sample[7] = Mask{0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
  EXPECT_ERROR(method->Bind(paths)->Start(TwelveCalls()), "the path 011111111111 skips call 0");
}

}  // namespace
}  // namespace skipbench
