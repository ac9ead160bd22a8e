// What a published implementation saw and decided along a trajectory: cases of tests/fixtures/dit/manifest.json. A
// policy that is shown the same has to decide the same; no network takes part.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "harness/base/json.h"
#include "harness/sampling/method.h"
#include "tests/support/fixtures.h"

namespace skipbench::testing {

// The trajectories of `method`, as the manifest has them; none where the fixtures are missing.
inline std::vector<Json> MeasuredCases(const std::string& method) {
  std::vector<Json> cases;
  const Manifest manifest = LoadManifest("dit", "manifest.json");
  if (!manifest.exists) return cases;
  for (const Json& one : manifest.json.at("cases"))
    if (one.at("kind") == "trajectory" && one.at("method") == method) cases.push_back(one);
  return cases;
}

inline std::string NameOfMeasuredCase(const ::testing::TestParamInfo<Json>& info) {
  std::string name = info.param.at("name");
  for (char& c : name)
    if (c == '-' || c == '.') c = '_';
  return name;
}

// A run of a stack of `blocks` that shows every signal.
inline RunShape StackRun(int calls, int guidance_rows = 1, int blocks = 12) {
  RunShape run;
  run.steps = run.calls = calls;
  run.guidance_rows = guidance_rows;
  for (int call = 0; call < calls; ++call) run.timesteps.push_back(1000 - call);
  run.network.blocks = blocks;
  for (int signal = 0; signal <= static_cast<int>(ProbeSite::Signal::kFront); ++signal)
    run.network.signals.insert(static_cast<ProbeSite::Signal>(signal));
  return run;
}

// The passes of a step whose decisions are recorded, 1 or 2 (conditional, unconditional).
inline int Passes(const Json& one) { return one.at("mask")[0].is_array() ? 2 : 1; }

// Entry `call` of a list with a value a step, or one for each pass; null: nothing.
inline std::optional<double> At(const Json& list, int call, int pass) {
  const Json& step = list.at(static_cast<size_t>(call));
  const Json& value = step.is_array() ? step.at(static_cast<size_t>(pass)) : step;
  return value.is_null() ? std::nullopt : std::optional<double>(value.get<double>());
}

inline std::vector<int> MaskOf(const Json& one, int pass) {
  std::vector<int> mask;
  for (int call = 0; call < std::ssize(one.at("mask")); ++call)
    mask.push_back(static_cast<int>(*At(one.at("mask"), call, pass)));
  return mask;
}

// Goes along a trajectory: 1 where the policy predicted. `probe` and `output`, may be empty: what is shown before and
// after a call.
struct Course {
  std::vector<int> mask;
  std::vector<Decision> decisions;
  Trace trace;
};
inline Course Go(const Method& method, const RunShape& run, const std::function<ProbeSums(int call)>& probe,
                 const std::function<OutputSums(int call)>& output = {}) {
  const auto policy = method.Start(run);
  Course course;
  for (int call = 0; call < run.calls; ++call) {
    if (policy->Probe(call)) policy->ObserveProbe(call, probe ? probe(call) : ProbeSums{});
    course.decisions.push_back(policy->Decide(call));
    const Action action = course.decisions.back().action;
    course.mask.push_back(action == Action::kPredict);
    Observation seen;
    seen.action = action;
    seen.elements = 1;
    if (action == Action::kPredict && output) seen.output = output(call);
    policy->Observe(call, seen);
  }
  course.trace = policy->TakeTrace();
  return course;
}

// Changes of a signal by `change`, of one element of size 1.
inline ProbeSums Changed(double change) {
  return {.elements = 1,
          .self_abs = 1,
          .previous_change = change,
          .previous_abs = 1,
          .computed_change = change,
          .computed_abs = 1,
          .previous_ratio = change,
          .computed_ratio = change};
}

// "1101": mask as text.
inline std::string Text(const std::vector<int>& mask) {
  std::string text;
  for (const int entry : mask) text += entry ? '1' : '0';
  return text;
}

}  // namespace skipbench::testing
