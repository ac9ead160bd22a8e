// What methods share that look at a signal before a call, and then decide whether the network, or the rest of it, runs.
#pragma once

#include <cmath>
#include <optional>
#include <string>
#include <vector>

#include "methods/catalog.h"

namespace skipbench {

// Who decides. What a source does for the whole batch at once is Scope::kGroup here.
struct CacheScope {
  bool as_published = false;
  std::optional<Scope> scope = {};
  std::optional<GuidanceScope> halves = {};

  Scope Samples() const { return scope.value_or(as_published ? Scope::kGroup : Scope::kSample); }
  // What was given, for a label: ",as_published,scope=sample,halves=separate".
  std::string Label() const;
};

// `as_published`, `scope` and `halves`; `quirks`: what the first of them brings back, `halves`: their default.
OptionTable<CacheScope> CacheScopeTable(const std::string& quirks, const std::string& halves);

// Records both sides of its comparisons.
class CachePolicy : public Policy {
 public:
  Trace TakeTrace() override { return {{"criterion", criterion_}, {"threshold", threshold_}}; }

 protected:
  explicit CachePolicy(int calls)
      : criterion_(static_cast<size_t>(calls), kNotShown), threshold_(static_cast<size_t>(calls), kNotShown) {}

  // What was compared before `call` >= 1; where that was no number, nothing was.
  void Record(int call, double criterion, double threshold) {
    if (std::isnan(criterion)) return;
    criterion_[static_cast<size_t>(call) - 1] = criterion;
    threshold_[static_cast<size_t>(call) - 1] = threshold;
  }

 private:
  std::vector<double> criterion_, threshold_;
};

// The residual of the blocks between the first `front` and the last `back`.
inline CacheSite Cut(int front, int back) { return {CacheSite::Level::kCut, front, back}; }

// Throws UnsupportedError, in the name of `label`, where the network is no stack of blocks or has too few for the cut.
void RequireCut(const std::string& label, const RunShape& run, int front, int back);

// The same where the network does not show `signal`.
void RequireSignal(const std::string& label, const RunShape& run, ProbeSite::Signal signal);

}  // namespace skipbench
