#include "methods/sada/sada.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "harness/base/error.h"
#include "methods/adaptive_diffusion/skip_limits.h"
#include "methods/sada/solver.h"

namespace skipbench {
namespace {

using Options = SadaOptions;
using Variant = Options::Variant;
using sada::Combination;
using sada::Solver;

constexpr int kProducts = 7;  // outputs that are looked back at: a run of four skips, and three calls behind it
constexpr CacheSite kCalls{CacheSite::Level::kCalls}, kOutput{CacheSite::Level::kOutput};

// When a skip is decided; what is compared, and what a skipped call gets, is the variants'.
class SadaPolicy : public Policy {
 public:
  SadaPolicy(const Options& options, std::shared_ptr<const Solver> solver, int calls)
      : options_(options), solver_(std::move(solver)), criterion_(calls, kNotShown), threshold_(calls, kNotShown) {}

  Decision Decide(int call) final {
    used_.push_back(skip_ ? used_.back() : call);
    return skip_ ? Skipped(call) : Decision{};
  }

  void Observe(int call, const Observation& seen) final {
    Look(call, seen);
    skip_ = false;
    patterned_ = options_.lagrange_term > 0 && call >= options_.lagrange_step;
    const bool in_range = call >= options_.acc_start && call < options_.acc_end && call + 1 < calls();
    if (in_range && skips_ < options_.max_interval) {
      if (patterned_) {
        skip_ = call % options_.lagrange_int != 0;
      } else {
        criterion_[call] = Criterion(call, seen);
        threshold_[call] = 0;
        skip_ = criterion_[call] <= 0;
      }
    }
    skips_ = skip_ ? skips_ + 1 : 0;
  }

  // "criterion" and "threshold", NaN where the range, the cap or the pattern decided.
  Trace TakeTrace() final { return {{"criterion", std::move(criterion_)}, {"threshold", std::move(threshold_)}}; }

 protected:
  virtual void Look(int call, const Observation& seen) {}
  virtual double Criterion(int call, const Observation& seen) const = 0;
  virtual Decision Skipped(int call) const = 0;

  int calls() const { return static_cast<int>(criterion_.size()); }
  // The full forward whose output was used at `call`.
  int used(int call) const { return used_[call]; }

  Options options_;
  std::shared_ptr<const Solver> solver_;
  bool patterned_ = false;  // the pattern decided

 private:
  bool skip_ = false;
  int skips_ = 0;          // in a row
  std::vector<int> used_;  // of each call
  std::vector<double> criterion_, threshold_;
};

class OdePolicy final : public SadaPolicy {
 public:
  using SadaPolicy::SadaPolicy;
  std::unique_ptr<Policy> Clone() const override { return std::make_unique<OdePolicy>(*this); }

 private:
  // Mean of (x - its extrapolation) (second difference of the drift).
  double Criterion(int call, const Observation& seen) const override {
    const int last[] = {used(call), used(call - 1), used(call - 2)};
    Combination error{{{call + 1, 1}}, {}};
    error.Add(solver_->Extrapolated(call, last), -1);
    const auto u = Places(call, error), v = Places(call, solver_->Curvature(call, last));
    double sum = 0;
    for (const auto& [i, a] : u)
      for (const auto& [j, b] : v)
        if (a != 0 && b != 0) sum += a * b * seen.products.at(static_cast<size_t>(i * 2 * kProducts + j));
    return sum / static_cast<double>(seen.elements);
  }

  // Weights by their places among Observation::products: latents after calls, then predictions.
  std::map<int, double> Places(int call, const Combination& combination) const {
    std::map<int, double> places;
    for (const auto& [at, weight] : combination.inputs) places[call + 1 - at] += weight * solver_->scale(at);
    for (const auto& [at, weight] : combination.outputs) places[kProducts + call - at] += weight;
    return places;
  }

  Decision Skipped(int call) const override {
    Combination x0;
    if (patterned_) {
      x0 = solver_->Lagrange(call, Points(call));
    } else {
      const int last[] = {used(call - 1), used(call - 2), used(call - 3)};
      const Combination now{{{call, 1}}, {}};
      x0 = solver_->X0(call, solver_->extrapolates() ? solver_->Extrapolated(call - 1, last) : now, last[0]);
    }
    const Combination output = solver_->OutputOf(call, x0);
    Decision decision{Action::kCombine, kCalls};
    const auto put = [](std::vector<double>* weights, int place, double weight) {
      if (weight == 0) return;
      if (static_cast<int>(weights->size()) <= place) weights->resize(static_cast<size_t>(place) + 1);
      (*weights)[static_cast<size_t>(place)] = weight;
    };
    for (const auto& [at, weight] : output.outputs) put(&decision.weights, call - 1 - at, weight);
    for (const auto& [at, weight] : output.inputs) put(&decision.input_weights, call - at, weight);
    return decision;
  }

  // The calls whose x0 the pattern has kept.
  std::vector<int> Points(int call) const {
    std::vector<int> points;
    for (int at = call - 1; static_cast<int>(points.size()) < options_.lagrange_term; --at)
      if (at % options_.lagrange_int == 1) points.push_back(at);
    return points;
  }
};

class FluxPolicy final : public SadaPolicy {
 public:
  FluxPolicy(const Options& options, std::shared_ptr<const Solver> solver, int calls)
      : SadaPolicy(options, std::move(solver), calls), sums_(calls, kNotShown) {}
  std::unique_ptr<Policy> Clone() const override { return std::make_unique<FluxPolicy>(*this); }

 private:
  void Look(int call, const Observation& seen) override {
    std::vector<at::Tensor> sums;
    for (const at::Tensor& latent : seen.latents) sums.push_back(latent.sum(at::kDouble));
    double sum = 0;
    if (!sums.empty()) {
      const at::Tensor all = at::stack(sums).cpu();  // one copy, however many samples decide together
      for (int64_t k = 0; k < all.size(0); ++k) sum += all.const_data_ptr<double>()[k];
    }
    sums_[call] = sum / static_cast<double>(seen.elements);
  }

  // Minus the mean second difference of the velocity. At a skipped call the velocities are on a line: 0.
  double Criterion(int call, const Observation&) const override {
    if (used(call) != call) return 0;
    const double before = MeanVelocity(used(call - 1));
    return before - MeanVelocity(call) + before - MeanVelocity(used(call - 2));
  }

  // By Euler's method, of a call that predicted.
  double MeanVelocity(int call) const {
    return (sums_[call] - sums_[call - 1]) / (solver_->sigma(call + 1) - solver_->sigma(call));
  }

  Decision Skipped(int call) const override {
    Decision decision{Action::kCombine, kOutput};
    if (used(call - 1) != used(call - 2)) decision.weights = {2, -1};
    return decision;
  }

  std::vector<double> sums_;  // means of the latents
};

class Sada : public Method {
 public:
  explicit Sada(const Options& options) : options_(options) {}
  std::string type() const override { return "sada"; }
  std::string Label() const override {
    const Options& o = options_;
    std::string label = fmt::format("sada(variant={},acc_start={},acc_end={},max_interval={}", flux() ? "flux" : "ode",
                                    o.acc_start, o.acc_end, o.max_interval);
    if (o.lagrange_term > 0)
      label += fmt::format(",lagrange_term={},lagrange_int={},lagrange_step={}", o.lagrange_term, o.lagrange_int,
                           o.lagrange_step);
    if (o.as_published)
      label += fmt::format(",as_published,beta_schedule={},beta_start={},beta_end={},num_train_timesteps={}",
                           o.beta_schedule, o.beta_start, o.beta_end, o.num_train_timesteps);
    return label + (o.scope == Scope::kGroup ? ",scope=group)" : ")");
  }
  Scope DecisionScope() const override { return options_.scope; }
  Needs Observes() const override {
    Needs needs;
    needs.tensors = flux();
    needs.products = flux() ? 0 : kProducts;
    return needs;
  }
  std::optional<Criterion> criterion() const override {
    if (flux()) return Criterion{"second difference of the velocity, negated", "mean"};
    return Criterion{"error of the extrapolated latent along the drift's second difference", "mean product"};
  }
  std::vector<Keep> Keeps(const RunShape&) const override {
    if (flux()) return {{kOutput, 2}};
    return {{kCalls, std::max(kProducts, options_.lagrange_term * options_.lagrange_int)}};
  }
  std::unique_ptr<Policy> Start(const RunShape& run) const override {
    auto solver = std::make_shared<Solver>(options_, run, Label());
    if (flux()) return std::make_unique<FluxPolicy>(options_, std::move(solver), run.calls);
    return std::make_unique<OdePolicy>(options_, std::move(solver), run.calls);
  }

 private:
  bool flux() const { return options_.variant == Variant::kFlux; }

  Options options_;
};

OptionTable<Options> MakeTable() {
  const auto pattern = [](const Options& o) { return o.lagrange_term > 0; };
  const auto published = [](const Options& o) { return o.as_published; };
  const char *no_pattern = "only with lagrange_term above 0", *not_published = "only with as_published";
  OptionTable<Options> table(
      "sada",
      {Field("variant", &Options::variant)
           .Names<Variant>({{"ode", Variant::kOde}, {"flux", Variant::kFlux}})
           .Help("the rule of the U-Nets, or FLUX's own"),
       Field("acc_start", &Options::acc_start)
           .Min(3)
           .Max(1000)
           .Help("the first call after which a skip may be decided"),
       Field("acc_end", &Options::acc_end).Min(4).Max(1001).Help("the first call after which no skip is decided"),
       Field("max_interval", &Options::max_interval).Min(1).Max(4).Help("longest run of skips"),
       Field("lagrange_term", &Options::lagrange_term)
           .Min(0)
           .Max(8)
           .Help("points of the interpolation of x0 in the later, fixed pattern; 0: no such pattern"),
       Field("lagrange_int", &Options::lagrange_int)
           .Min(2)
           .Max(100)
           .When(pattern, no_pattern)
           .Help("the pattern predicts once in so many calls"),
       Field("lagrange_step", &Options::lagrange_step)
           .Min(1)
           .Max(1000)
           .When(pattern, no_pattern)
           .Help("the call from which on the pattern decides; a multiple of lagrange_int"),
       ScopeField(&Options::scope).Help("decide for each sample alone, or for a group together"),
       Field("as_published", &Options::as_published)
           .Help("the drift as in the source's code, where steps of training stand in for those of the run"),
       Field("beta_schedule", &Options::beta_schedule)
           .OneOf({"scaled_linear", "linear"})
           .When(published, not_published)
           .Help("of the model's training, for the published drift"),
       Field("beta_start", &Options::beta_start)
           .Min(0)
           .Max(1)
           .When(published, not_published)
           .Help("of the model's training, for the published drift"),
       Field("beta_end", &Options::beta_end)
           .Min(0)
           .Max(1)
           .When(published, not_published)
           .Help("of the model's training, for the published drift"),
       Field("num_train_timesteps", &Options::num_train_timesteps)
           .Min(2)
           .Max(1'000'000)
           .When(published, not_published)
           .Help("of the model's training, for the published drift")});
  table.Rule([](const Options& o) {
    if (o.acc_end <= o.acc_start)
      FailOption("acc_end", "expected more than acc_start, {}, found {}", o.acc_start, o.acc_end);
    if (o.as_published && o.variant == Variant::kFlux)
      FailOption("as_published", "the variant \"flux\" is the source's as it is");
    if (o.lagrange_term == 0) return;
    if (o.lagrange_step % o.lagrange_int != 0)
      FailOption("lagrange_step", "expected a multiple of lagrange_int, {}, found {}", o.lagrange_int, o.lagrange_step);
    if (o.lagrange_step / o.lagrange_int + 1 < o.lagrange_term)
      FailOption("lagrange_step", "at call {} only {} of {} points are there", o.lagrange_step,
                 o.lagrange_step / o.lagrange_int + 1, o.lagrange_term);
  });
  return table;
}

const OptionTable<Options>& Table() {
  static const OptionTable<Options> table = MakeTable();
  return table;
}

}  // namespace

std::unique_ptr<Method> MakeSada(const SadaOptions& options) {
  Table().Validate(options);
  return std::make_unique<Sada>(options);
}

MethodType SadaType() {
  return DeclareMethod("skips where the sampling ODE is stable, on extrapolated x0 (SADA's step rule, ICML 2025)",
                       Table(), MakeSada);
}

}  // namespace skipbench
