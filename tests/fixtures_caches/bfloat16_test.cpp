// Caching rules as published on tensors in bfloat16: every number that a source's code compares, to the bit, and its
// forecasts. scripts/make_bfloat16_cases.py.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>

#include "harness/sampling/difference_sums.h"
#include "harness/sampling/weighted_rows.h"
#include "methods/catalog.h"
#include "tests/support/fixtures.h"

namespace skipbench {
namespace {

struct Fixture {
  Json json;
  std::vector<at::Tensor> signals, outputs;  // of each call
};

std::optional<Fixture> Load() {
  const testing::Manifest manifest = testing::LoadManifest("caches", "bfloat16.json");
  if (!manifest.exists) return std::nullopt;
  Fixture fixture{manifest.json, {}, {}};
  const auto shape = fixture.json.at("shape").get<std::vector<int64_t>>();
  const auto read = [&](const char* name, std::vector<at::Tensor>* into) {
    for (const Json& one : fixture.json.at(name))
      into->push_back(at::tensor(one.get<std::vector<int64_t>>()).to(at::kShort).view(at::kBFloat16).view(shape));
  };
  read("signals", &fixture.signals);
  read("outputs", &fixture.outputs);
  return fixture;
}

std::unique_ptr<Method> MethodOf(const Json& one) {
  Json options = one.at("method");
  const auto type = options.at("type").get<std::string>();
  options.erase("type");
  return FindMethodType(type, "test").make(JsonReader(options, "bfloat16.json", one.at("name")));
}

RunShape StackRun(int calls, at::ScalarType dtype) {
  RunShape run;
  run.steps = run.calls = calls;
  for (int call = 0; call < calls; ++call) run.timesteps.push_back(1000.0 * (calls - call) / calls);
  run.prediction_type = "flow_prediction";
  run.network.blocks = 4;
  run.network.signals.insert({ProbeSite::Signal::kModulatedInput, ProbeSite::Signal::kFront});
  run.dtype = dtype;
  return run;
}

// A policy that is shown the sums of the fixture's tensors.
struct Shown {
  std::vector<int> mask;
  std::vector<double> criterion;
};
Shown ShowTensors(const Method& method, const RunShape& run, const Fixture& fixture) {
  const auto policy = method.Start(run);
  Shown shown;
  at::Tensor previous, computed, output;
  for (int call = 0; call < run.calls; ++call) {
    const auto at_call = static_cast<size_t>(call);
    const at::Tensor now = fixture.signals[at_call].to(run.dtype), made = fixture.outputs[at_call].to(run.dtype);
    if (const auto site = policy->Probe(call)) {
      ProbeSums sums{.elements = ViewOf(now, site->view).numel()};
      const auto compare = [&](const at::Tensor& then, double* change, double* magnitude) {
        if (!then.defined()) return;
        *change = ComputeChangeSums(now, then, site->view)[0][kAbs1].item<double>();
        *magnitude = ComputeChangeSums(then, then, site->view)[0][kSelfAbs].item<double>();
      };
      compare(previous, &sums.previous_change, &sums.previous_abs);
      compare(computed, &sums.computed_change, &sums.computed_abs);
      policy->ObserveProbe(call, sums);
    }
    Observation seen;
    seen.action = policy->Decide(call).action;
    shown.mask.push_back(seen.action == Action::kPredict);
    const Needs needs = method.Observes();
    if (seen.action == Action::kPredict && !needs.output.empty()) {
      const SumView& view = *needs.output.begin();
      seen.output.elements = seen.output.rows_elements = made.numel();
      seen.output.self_abs = seen.output.rows_abs = ComputeDifferenceSums({made}, 0)[0][kSelfAbs].item<double>();
      seen.output.changed_elements = ViewOf(made, view).numel();
      if (output.defined()) seen.output.change = ComputeChangeSums(made, output, view)[0][kAbs1].item<double>();
    }
    policy->Observe(call, seen);
    previous = now;
    if (seen.action == Action::kPredict) computed = now, output = made;
  }
  shown.criterion = policy->TakeTrace().at("criterion");
  return shown;
}

TEST(BFloat16Caches, DecideAsPublished) {
  const auto fixture = Load();
  if (!fixture) GTEST_SKIP() << "no fixtures";
  for (const Json& one : fixture->json.at("cases")) {
    if (!one.contains("criterion")) continue;
    SCOPED_TRACE(one.at("name").get<std::string>());
    const auto method = MethodOf(one);
    const auto expected = one.at("mask").get<std::vector<int>>();
    const auto calls = static_cast<int>(expected.size());
    const Shown shown = ShowTensors(*method, StackRun(calls, at::kBFloat16), *fixture);
    EXPECT_EQ(shown.mask, expected);
    for (int call = 1; call < calls; ++call) {
      const double criterion = shown.criterion[static_cast<size_t>(call) - 1];
      if (std::isnan(criterion)) continue;
      EXPECT_EQ(criterion, one.at("criterion")[static_cast<size_t>(call)].get<double>()) << call;
    }
    // The same tensors in a type that holds them exactly.
    const auto exact = one.at("float64").get<std::vector<int>>();
    EXPECT_NE(exact, expected);
    EXPECT_EQ(ShowTensors(*method, StackRun(calls, at::kDouble), *fixture).mask, exact);
  }
}

// Bits of a bfloat16 between two numbers, relative to the larger of the two or of `floor`.
double Ulps(const at::Tensor& a, const at::Tensor& b) {
  const at::Tensor size = at::maximum(a.abs(), b.abs()).clamp_min(0.05);
  return ((a - b).abs() / size).max().item<double>() * 256;
}

TEST(BFloat16Caches, ForecastAsPublished) {
  const auto fixture = Load();
  if (!fixture) GTEST_SKIP() << "no fixtures";
  for (const Json& one : fixture->json.at("cases")) {
    if (!one.contains("forecasts")) continue;
    const std::string name = one.at("name");
    SCOPED_TRACE(name);
    const at::ScalarType dtype = one.at("dtype") == "bfloat16" ? at::kBFloat16 : at::kFloat;
    const auto method = MethodOf(one);
    const auto mask = one.at("mask").get<std::vector<int>>();
    const RunShape run = StackRun(static_cast<int>(mask.size()), dtype);
    const auto policy = method->Start(run);
    std::vector<at::Tensor> kept;  // newest first
    double exact = 0, all = 0;
    for (int call = 0; call < run.calls; ++call) {
      const Decision decision = policy->Decide(call);
      Observation seen;
      seen.action = decision.action;
      policy->Observe(call, seen);
      ASSERT_EQ(decision.action == Action::kPredict, mask[static_cast<size_t>(call)] == 1) << call;
      if (decision.action == Action::kPredict) {
        kept.insert(kept.begin(), fixture->outputs[static_cast<size_t>(call)].to(dtype));
        continue;
      }
      ASSERT_LE(DepthOf(decision, RoundedSum::From::kKept), method->Keeps(run)[0].depth);
      const at::Tensor made = RoundedRows(decision.sums, [&](RoundedSum::From, int k) { return kept.at(k); });
      EXPECT_EQ(made.scalar_type(), dtype);
      const auto values = one.at("forecasts")[static_cast<size_t>(call)].get<std::vector<double>>();
      const at::Tensor expected = at::tensor(values, at::kDouble),
                       found = made.flatten().narrow(0, 0, expected.numel()).to(at::kDouble);
      all += static_cast<double>(values.size());
      exact += (found.to(at::kFloat) == expected.to(at::kFloat)).sum().item<double>();
      // Spectrum's coefficients come out of a float32 solver there: some of them fall to the other side of a rounding.
      if (name.starts_with("spectrum")) {
        EXPECT_LE(Ulps(found, expected), 8) << call;
      }
    }
    EXPECT_GE(exact / all, name.starts_with("spectrum") ? 0.98 : 1);
  }
}

}  // namespace
}  // namespace skipbench
