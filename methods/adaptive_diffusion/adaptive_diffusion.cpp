#include "methods/adaptive_diffusion/adaptive_diffusion.h"

#include <cmath>
#include <limits>

#include "methods/adaptive_diffusion/skip_limits.h"

namespace skipbench {
namespace {

using Options = AdaptiveDiffusionOptions;

class AdaptivePolicy : public SkipPolicy {
 public:
  AdaptivePolicy(const Options& options, int calls)
      : SkipPolicy(options.max_skips, calls),
        options_(options),
        difference_(calls, std::numeric_limits<double>::quiet_NaN()) {}

  void Observe(int call, const Observation& seen) override {
    if (call >= 1) difference_[call] = Norm(seen.latent, 0, seen.elements);
    DecideNext(call, [&] {
      return options_.criterion == Options::Criterion::kPublished ? Published(call) : Tensor(call, seen);
    });
  }

  std::unique_ptr<Policy> Clone() const override { return std::make_unique<AdaptivePolicy>(*this); }

  Trace TakeTrace() override {
    Trace trace = SkipPolicy::TakeTrace();
    trace["difference"] = std::move(difference_);
    return trace;
  }

 private:
  double Norm(const DifferenceSums& sums, int order, int64_t elements) const {
    const bool l2 = options_.criterion == Options::Criterion::kTensor && options_.norm == Options::Norm::kL2;
    return l2 ? std::sqrt(sums.square[order]) : sums.abs[order] / static_cast<double>(elements);
  }

  Comparison Published(int call) const {
    const double d2 = difference_[call], d1 = difference_[call - 1], d0 = difference_[call - 2];
    const double criterion = std::abs((d2 + d0) / 2 - d1), threshold = options_.delta * d1;
    return {criterion, threshold, criterion <= threshold};
  }

  Comparison Tensor(int call, const Observation& seen) const {
    const double criterion = Norm(seen.latent, 2, seen.elements), threshold = options_.delta * difference_[call - 1];
    return {criterion, threshold, criterion < threshold};
  }

  Options options_;
  std::vector<double> difference_;
};

class AdaptiveDiffusion : public Method {
 public:
  explicit AdaptiveDiffusion(const Options& options) : options_(options) {}
  std::string type() const override { return "adaptive_diffusion"; }
  std::string Label() const override {
    std::string label = fmt::format("adaptive_diffusion(delta={},max_skips={}", options_.delta, options_.max_skips);
    if (options_.criterion == Options::Criterion::kTensor)
      label += options_.norm == Options::Norm::kL2 ? ",criterion=tensor,norm=l2" : ",criterion=tensor";
    if (options_.scope == Scope::kGroup) label += ",scope=group";
    return label + ")";
  }
  Scope DecisionScope() const override { return options_.scope; }
  Needs Observes() const override {
    return {.latent_order = options_.criterion == Options::Criterion::kTensor ? 3 : 1};
  }
  std::optional<Criterion> criterion() const override {
    if (options_.criterion == Options::Criterion::kPublished)
      return Criterion{"difference of the mean steps", "mean |step of the latents|"};
    return Criterion{"third-order difference of the latents",
                     options_.norm == Options::Norm::kL2 ? "L2 norm of the difference" : "mean |difference|"};
  }
  std::unique_ptr<Policy> Start(const RunShape& run) const override {
    return std::make_unique<AdaptivePolicy>(options_, run.calls);
  }

 private:
  Options options_;
};

const OptionTable<Options>& Table() {
  static const OptionTable<Options> table(
      "adaptive_diffusion",
      {Field("delta", &Options::delta)
           .Min(0)
           .Max(1e6)
           .Threshold()
           .Help("threshold of the criterion; larger skips more"),
       MaxSkipsField(&Options::max_skips),
       Field("criterion", &Options::criterion)
           .Names<Options::Criterion>(
               {{"published", Options::Criterion::kPublished}, {"tensor", Options::Criterion::kTensor}})
           .Help("the released code's rule, or the paper's formula on the tensors"),
       Field("norm", &Options::norm)
           .Names<Options::Norm>({{"mean_abs", Options::Norm::kMeanAbs}, {"l2", Options::Norm::kL2}})
           .When([](const Options& o) { return o.criterion == Options::Criterion::kTensor; },
                 "only the criterion \"tensor\" has a norm")
           .Help("norm of the criterion \"tensor\""),
       ScopeField(&Options::scope).Help("decide for each sample alone, or for a group together (as released)")});
  return table;
}

}  // namespace

std::unique_ptr<Method> MakeAdaptiveDiffusion(const AdaptiveDiffusionOptions& options) {
  Table().Validate(options);
  return std::make_unique<AdaptiveDiffusion>(options);
}

MethodType AdaptiveDiffusionType() {
  return DeclareMethod("skip predictions where the third-order difference of the latents is small (NeurIPS 2024)",
                       Table(), MakeAdaptiveDiffusion);
}

}  // namespace skipbench
