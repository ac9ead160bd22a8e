// A method as a stranger might write it: it predicts where a similarity is *below* a threshold that has a name of its
// own.
#pragma once

#include <memory>
#include <string>

#include "methods/catalog.h"

namespace skipbench::testing {

// After call i >= 2 the next call predicts iff (sum |x_i|) / (sum |x_i| + sum |x_i - x_{i-1}|) < similarity, or if call
// i did not.
class ToyMethod : public Method {
 public:
  explicit ToyMethod(double similarity, bool declares = true, Needs needs = {.latent_order = 1})
      : similarity_(similarity), declares_(declares), needs_(needs) {}
  std::string type() const override { return "toy"; }
  std::string Label() const override { return fmt::format("toy(similarity={})", similarity_); }
  Needs Observes() const override { return needs_; }
  std::optional<Criterion> criterion() const override {
    if (!declares_) return std::nullopt;
    return Criterion{"similarity of neighbouring latents", "similarity", Criterion::Predicts::kBelow};
  }
  std::unique_ptr<Policy> Start(const RunShape& run) const override {
    return std::make_unique<ToyPolicy>(similarity_, run.calls);
  }

 private:
  class ToyPolicy : public Policy {
   public:
    ToyPolicy(double similarity, int calls)
        : similarity_(similarity), criterion_(calls, kNotShown), threshold_(calls, kNotShown) {}
    Decision Decide(int) override { return {predict_next_ ? Action::kPredict : Action::kReuse}; }
    void Observe(int call, const Observation& seen) override {
      predict_next_ = true;
      if (call < 2 || seen.action == Action::kReuse) return;
      criterion_[call] = seen.latent.self_abs / (seen.latent.self_abs + seen.latent.abs[0]);
      threshold_[call] = similarity_;
      predict_next_ = criterion_[call] < threshold_[call];
    }
    std::unique_ptr<Policy> Clone() const override { return std::make_unique<ToyPolicy>(*this); }
    Trace TakeTrace() override { return {{"criterion", criterion_}, {"threshold", threshold_}}; }

   private:
    double similarity_;
    bool predict_next_ = true;
    std::vector<double> criterion_, threshold_;
  };

  double similarity_;
  bool declares_;
  Needs needs_;
};

// `declares` false: a type whose author forgot to.
inline MethodType ToyType(bool declares = true) {
  struct Options {
    double similarity = 0.9;
  };
  auto similarity =
      Field("similarity", &Options::similarity).Min(0.1).Max(1).Required().Help("from which on a call is skipped");
  if (declares) similarity.Threshold();
  return DeclareMethod(
      "skips a call between latents that are similar", OptionTable<Options>("toy", {similarity}),
      [declares](const Options& options) { return std::make_unique<ToyMethod>(options.similarity, declares); });
}

}  // namespace skipbench::testing
