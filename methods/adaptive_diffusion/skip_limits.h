// When AdaptiveDiffusion's criteria are asked at all: the released code's warm-up and cap, shared by all of them.
//
// Calls 0..3 predict. After call i >= 3, decision k = i - 3 is made for call i + 1. With `mask` the list of decisions
// so far: if it has more than 4 entries and none of its last Cmax ("max_skips") predicts, the next call predicts,
// whatever the criterion (`max_skips` 0: none of all). So decisions 0..4 are never capped.
#pragma once

#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

#include "methods/catalog.h"

namespace skipbench {

class SkipPolicy : public Policy {
 public:
  Decision Decide(int) override { return {predict_next_ ? Action::kPredict : Action::kReuse}; }

  // "criterion", "threshold" (its two sides) and "forced" (1: by the cap), one value a call, NaN where there is none.
  Trace TakeTrace() override {
    return {{"criterion", std::move(criterion_)}, {"threshold", std::move(threshold_)}, {"forced", std::move(forced_)}};
  }

 protected:
  // The two sides of a criterion, and what they say.
  struct Comparison {
    double criterion, threshold;
    bool skip;
  };

  // `calls`: of the run.
  SkipPolicy(int max_skips, int calls)
      : max_skips_(max_skips), criterion_(calls, kNone), threshold_(calls, kNone), forced_(calls, kNone) {}

  // After `call`: decides for the next one. `compare`, a function without arguments, is asked for the Comparison where
  // it counts.
  template <typename Compare>
  void DecideNext(int call, Compare&& compare) {
    if (call < kWarmUp - 1) return;
    const bool forced = CapReached();
    predict_next_ = true;
    if (!forced) {
      const Comparison compared = compare();
      criterion_[call] = compared.criterion;
      threshold_[call] = compared.threshold;
      predict_next_ = !compared.skip;
    }
    forced_[call] = forced;
    mask_.push_back(predict_next_);
  }

 private:
  static constexpr int kWarmUp = 4;       // calls that always predict
  static constexpr size_t kUncapped = 4;  // decisions the cap does not look at
  static constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

  // Whether the cap forces the next call to predict.
  bool CapReached() const {
    if (mask_.size() <= kUncapped) return false;
    const size_t window = max_skips_ == 0 ? mask_.size() : std::min(mask_.size(), static_cast<size_t>(max_skips_));
    return std::none_of(mask_.end() - static_cast<std::ptrdiff_t>(window), mask_.end(),
                        [](bool predicted) { return predicted; });
  }

  int max_skips_;
  bool predict_next_ = true;
  std::vector<bool> mask_;  // decision k, for call k + 4: true = predict
  std::vector<double> criterion_, threshold_, forced_;
};

// The options that methods with this warm-up and cap share.
template <typename Options>
Field<Options> MaxSkipsField(int Options::*max_skips) {
  return Field("max_skips", max_skips).Min(0).Max(1000).Help("longest run of skips (Cmax); 0: practically no cap");
}
template <typename Options>
Field<Options> ScopeField(Scope Options::*scope) {
  return Field("scope", scope).template Names<Scope>({{"sample", Scope::kSample}, {"group", Scope::kGroup}});
}

}  // namespace skipbench
