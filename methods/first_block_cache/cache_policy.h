// What methods share that look at a signal before a call, and then decide whether the network, or the rest of it, runs.
#pragma once

#include <cmath>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "methods/catalog.h"

namespace skipbench {

// Who decides. What a source does for the whole batch at once is Scope::kGroup here.
struct CacheScope {
  bool as_published = false;
  std::optional<Scope> scope = {};
  std::optional<GuidanceScope> halves = {};

  Scope Samples() const { return scope.value_or(as_published ? Scope::kGroup : Scope::kSample); }
  // `usual`, unless something was given; as published each row for itself where pipelines give it a forward of its own.
  GuidanceScope Halves(const RunShape& run, GuidanceScope usual = GuidanceScope::kJoint) const {
    const bool apart = as_published && run.network.guides_in_passes;
    return halves.value_or(apart ? GuidanceScope::kSeparate : usual);
  }
  // What was given, for a label: ",as_published,scope=sample,halves=separate".
  std::string Label() const;
};

// `as_published`, `scope` and `halves`; `quirks`: what the first of them brings back, `halves`: their default.
OptionTable<CacheScope> CacheScopeTable(const std::string& quirks, const std::string& halves);
inline constexpr const char* kJointOrPasses = "joint; as published separate where guidance runs two passes";

// The values of the option `halves`.
std::vector<std::pair<const char*, GuidanceScope>> GuidanceScopeNames();

// The arithmetic of published code, which takes means and quotients in the type of the network's numbers. Exact in
// float32 and float64, which no threshold can tell from float64 but by the last bits, and wherever `as_published` is
// not asked for.
class PublishedNumbers {
 public:
  PublishedNumbers(const RunShape& run, bool as_published)
      : type_(as_published && at::isReducedFloatingType(run.dtype) ? run.dtype : at::kDouble) {}
  bool rounds() const { return type_ != at::kDouble; }
  // Of the differences that it wants to see the sums of.
  SumView::Rounding differences() const { return rounds() ? SumView::Rounding::kDifference : SumView::Rounding::kNone; }
  double operator()(double x) const;  // to the nearest
  // As torch's mean, which adds up in float32 and rounds once.
  double Mean(double sum, int64_t elements) const { return (*this)(sum / static_cast<double>(elements)); }
  // mean / mean.
  double Ratio(double change, double magnitude, int64_t elements) const {
    return rounds() ? (*this)(Mean(change, elements) / Mean(magnitude, elements)) : change / magnitude;
  }

 private:
  at::ScalarType type_;
};

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
