#include "methods/difference_order/difference_order.h"

#include <cmath>
#include <limits>

#include "methods/adaptive_diffusion/skip_frame.h"

namespace skipbench {
namespace {

using Options = DifferenceOrderOptions;
constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
constexpr double kMostDelta = 1e6;

class OrderPolicy : public Policy {
 public:
  OrderPolicy(const Options& options, int calls)
      : options_(options), frame_(options.max_skips), criterion_(calls, kNone), threshold_(calls, kNone), forced_(calls, kNone) {}

  Decision Decide(int) override { return {predict_next_ ? Action::kPredict : Action::kReuse}; }

  void Observe(int call, const Observation& seen) override {
    predict_next_ = true;
    if (SkipFrame::Decides(call)) {
      const bool forced = frame_.CapReached();
      if (!forced) {
        criterion_[call] = Norm(seen.latent.abs[options_.order - 1], seen.latent.square[options_.order - 1], seen.elements);
        threshold_[call] = options_.delta * yardstick_;
        predict_next_ = criterion_[call] >= threshold_[call];
      }
      forced_[call] = forced;
      frame_.Record(predict_next_);
    }
    yardstick_ = options_.order == 1 ? Norm(seen.latent.self_abs, seen.latent.self_square, seen.elements)
                                     : Norm(seen.latent.abs[0], seen.latent.square[0], seen.elements);
  }

  std::unique_ptr<Policy> Clone() const override { return std::make_unique<OrderPolicy>(*this); }

  Trace TakeTrace() override {
    return {{"criterion", std::move(criterion_)}, {"threshold", std::move(threshold_)}, {"forced", std::move(forced_)}};
  }

 private:
  double Norm(double sum_abs, double sum_square, int64_t elements) const {
    return options_.norm == Options::Norm::kL2 ? std::sqrt(sum_square) : sum_abs / static_cast<double>(elements);
  }

  Options options_;
  SkipFrame frame_;
  bool predict_next_ = true;
  double yardstick_ = kNone;           // of the call before: ||x_{i-1}||, or ||D_{i-1}||
  std::vector<double> criterion_, threshold_, forced_;
};

class DifferenceOrder : public Method {
 public:
  explicit DifferenceOrder(const Options& options) : options_(options) {}
  std::string type() const override { return "difference_order"; }
  std::string Label() const override {
    return fmt::format("difference_order(order={},delta={},max_skips={}{}{})", options_.order, options_.delta, options_.max_skips,
                       options_.norm == Options::Norm::kL2 ? ",norm=l2" : "", options_.scope == Scope::kGroup ? ",scope=group" : "");
  }
  Scope DecisionScope() const override { return options_.scope; }
  Needs Observes() const override { return {.latent_order = options_.order}; }
  std::optional<Criterion> criterion() const override {
    const char* orders[] = {"first", "second", "third"};
    return Criterion{fmt::format("{}-order difference of the latents", orders[options_.order - 1]),
                     options_.norm == Options::Norm::kL2 ? "L2 norm of the difference" : "mean |difference|"};
  }
  std::unique_ptr<Policy> Start(const RunShape& run) const override { return std::make_unique<OrderPolicy>(options_, run.calls); }

 private:
  Options options_;
};

std::unique_ptr<Method> Make(const JsonReader& json) {
  Options options;
  options.order = static_cast<int>(json.Int("order", 1, 3));
  options.delta = json.Double("delta", 0, kMostDelta);
  options.max_skips = static_cast<int>(json.IntOr("max_skips", options.max_skips, 0, 1000));
  options.norm = json.OneOf("norm", "mean_abs", {"mean_abs", "l2"}) == "l2" ? Options::Norm::kL2 : Options::Norm::kMeanAbs;
  options.scope = json.OneOf("scope", "sample", {"sample", "group"}) == "group" ? Scope::kGroup : Scope::kSample;
  return MakeDifferenceOrder(options);
}

}  // namespace

std::unique_ptr<Method> MakeDifferenceOrder(const DifferenceOrderOptions& options) {
  return std::make_unique<DifferenceOrder>(options);
}

MethodType DifferenceOrderType() {
  return {"difference_order",
          "skip predictions where the latents' difference of order 1, 2 or 3 is small: AdaptiveDiffusion's comparison of orders",
          {{"order", "1 | 2 | 3", "", "of the finite difference along the trajectory"},
           {"delta", "number >= 0", "", "threshold; each order has a scale of its own (skipbench calibrate finds it)", false, ThresholdRange{0, kMostDelta}},
           {"max_skips", "integer >= 0", "4", "longest run of skips (Cmax); 0: practically no cap"},
           {"norm", "mean_abs | l2", "mean_abs", "of the differences"},
           {"scope", "sample | group", "sample", "decide for each sample alone, or for a group together"}},
          Make};
}

}  // namespace skipbench
