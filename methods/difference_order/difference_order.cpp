#include "methods/difference_order/difference_order.h"

#include <cmath>
#include <limits>

#include "methods/adaptive_diffusion/skip_limits.h"

namespace skipbench {
namespace {

using Options = DifferenceOrderOptions;

class OrderPolicy : public SkipPolicy {
 public:
  OrderPolicy(const Options& options, int calls) : SkipPolicy(options.max_skips, calls), options_(options) {}

  void Observe(int call, const Observation& seen) override {
    DecideNext(call, [&] {
      const int k = options_.order - 1;
      const double criterion = Norm(seen.latent.abs[k], seen.latent.square[k], seen.elements);
      const double threshold = options_.delta * yardstick_;
      return Comparison{criterion, threshold, !(criterion >= threshold)};
    });
    yardstick_ = options_.order == 1 ? Norm(seen.latent.self_abs, seen.latent.self_square, seen.elements)
                                     : Norm(seen.latent.abs[0], seen.latent.square[0], seen.elements);
  }

  std::unique_ptr<Policy> Clone() const override { return std::make_unique<OrderPolicy>(*this); }

 private:
  double Norm(double sum_abs, double sum_square, int64_t elements) const {
    return options_.norm == Options::Norm::kL2 ? std::sqrt(sum_square) : sum_abs / static_cast<double>(elements);
  }

  Options options_;
  double yardstick_ = std::numeric_limits<double>::quiet_NaN();  // of the call before: ||x_{i-1}||, or ||D_{i-1}||
};

class DifferenceOrder : public Method {
 public:
  explicit DifferenceOrder(const Options& options) : options_(options) {}
  std::string type() const override { return "difference_order"; }
  std::string Label() const override {
    return fmt::format("difference_order(order={},delta={},max_skips={}{}{})", options_.order, options_.delta,
                       options_.max_skips, options_.norm == Options::Norm::kL2 ? ",norm=l2" : "",
                       options_.scope == Scope::kGroup ? ",scope=group" : "");
  }
  Scope DecisionScope() const override { return options_.scope; }
  Needs Observes() const override { return {.latent_order = options_.order}; }
  std::optional<Criterion> criterion() const override {
    const char* orders[] = {"first", "second", "third"};
    return Criterion{fmt::format("{}-order difference of the latents", orders[options_.order - 1]),
                     options_.norm == Options::Norm::kL2 ? "L2 norm of the difference" : "mean |difference|"};
  }
  std::unique_ptr<Policy> Start(const RunShape& run) const override {
    return std::make_unique<OrderPolicy>(options_, run.calls);
  }

 private:
  Options options_;
};

const OptionTable<Options>& Table() {
  static const OptionTable<Options> table(
      "difference_order",
      {Field("order", &Options::order).Min(1).Max(3).Required().Help("of the finite difference along the trajectory"),
       Field("delta", &Options::delta)
           .Min(0)
           .Max(1e6)
           .Required()
           .Threshold()
           .Help("threshold; each order has a scale of its own (skipbench calibrate finds it)"),
       MaxSkipsField(&Options::max_skips),
       Field("norm", &Options::norm)
           .Names<Options::Norm>({{"mean_abs", Options::Norm::kMeanAbs}, {"l2", Options::Norm::kL2}})
           .Help("of the differences"),
       ScopeField(&Options::scope).Help("decide for each sample alone, or for a group together")});
  return table;
}

}  // namespace

std::unique_ptr<Method> MakeDifferenceOrder(const DifferenceOrderOptions& options) {
  Table().Validate(options);
  return std::make_unique<DifferenceOrder>(options);
}

MethodType DifferenceOrderType() {
  return DeclareMethod(
      "skip predictions where the latents' difference of order 1, 2 or 3 is small: AdaptiveDiffusion's comparison of "
      "orders",
      Table(), MakeDifferenceOrder);
}

}  // namespace skipbench
