#include "methods/db_cache/db_cache.h"

#include <algorithm>
#include <variant>

#include "harness/base/error.h"
#include "methods/db_cache/calibrator.h"
#include "methods/fixed_path/precomputed_path.h"
#include "methods/taylor_seer/rounded_forecast.h"

namespace skipbench {
namespace {

using Options = DBCacheOptions;

class DBCachePolicy : public CachePolicy {
 public:
  DBCachePolicy(const Options& options, const RunShape& run)
      : CachePolicy(run.calls), options_(options), numbers_(run, options.who.as_published) {
    if (options.calibrator == Options::Calibrator::kTaylorSeer)
      calibrator_ = TaylorSeerCalibrator(options.taylorseer_order, options.who.as_published ? 3 : 1);
    if (options.calibrator == Options::Calibrator::kFoCa) calibrator_ = FoCaCalibrator();
  }

  std::optional<ProbeSite> Probe(int) const override {
    if (Static()) return std::nullopt;
    return ProbeSite{.signal = ProbeSite::Signal::kFront,
                     .front = options_.fn_compute_blocks,
                     .view = {.rounding = numbers_.differences()}};
  }
  void ObserveProbe(int, const ProbeSums& seen) override {
    change_ = numbers_.Ratio(seen.computed_change, seen.computed_abs, seen.elements);
  }

  Decision Decide(int call) override {
    if (!Caches(call)) return {};
    const CacheSite site = Cut(options_.fn_compute_blocks, options_.bn_compute_blocks);
    if (!numbers_.rounds() || options_.calibrator != Options::Calibrator::kTaylorSeer)
      return Shallow(site, Approximate(call));
    return {Action::kShallow,
            site,
            {},
            {},
            TaylorSums(computed_, call, options_.taylorseer_order, 3, TaylorRounding::kValueType)};
  }

  void Observe(int call, const Observation& seen) override {
    if (seen.action != Action::kPredict) {
      ++cached_;
      ++continuous_;
      return;
    }
    continuous_ = 0;
    if (!options_.who.as_published) accumulated_ = 0;
    computed_.insert(computed_.begin(), call);
    if (std::ssize(computed_) > options_.taylorseer_order + 1) computed_.pop_back();
    if (auto* taylor = std::get_if<TaylorSeerCalibrator>(&calibrator_)) taylor->Update(call);
    if (auto* foca = std::get_if<FoCaCalibrator>(&calibrator_)) foca->Update(call);
  }

  std::unique_ptr<Policy> Clone() const override { return std::make_unique<DBCachePolicy>(*this); }

 private:
  bool Static() const {
    return options_.steps_computation_mask && options_.steps_computation_policy == Options::Policy::kStatic;
  }

  bool WarmsUp(int call) const {
    int steps = options_.max_warmup_steps;
    if (const auto& mask = options_.steps_computation_mask)
      steps = std::min<int>(steps, static_cast<int>(std::ranges::find(*mask, 0) - mask->begin()));
    return call < steps && call % options_.warmup_interval == 0;
  }

  bool Caches(int call) {
    if (call == 0 || WarmsUp(call)) return false;
    if (const auto& mask = options_.steps_computation_mask) {
      if ((*mask)[static_cast<size_t>(call)] == 1) return false;
      if (Static()) return true;
    }
    const auto reached = [](int count, int most) { return most >= 0 && count >= most; };
    if (reached(cached_, options_.max_cached_steps) || reached(continuous_, options_.max_continuous_cached_steps))
      return false;
    const auto budget = options_.max_accumulated_residual_diff_threshold;
    if (budget && accumulated_ >= *budget) return false;
    return Similar(call);
  }

  bool Similar(int call) {
    const double threshold = options_.residual_diff_threshold;
    if (options_.who.as_published && (threshold <= 0 || threshold >= 1)) return threshold >= 1;
    Record(call, change_, threshold);
    if (change_ > 0) accumulated_ += change_;
    return change_ < threshold;
  }

  Weights Approximate(int call) {
    if (const auto* taylor = std::get_if<TaylorSeerCalibrator>(&calibrator_)) return taylor->Approximate(call);
    if (auto* foca = std::get_if<FoCaCalibrator>(&calibrator_)) return foca->Approximate(call);
    return {};
  }

  Options options_;
  PublishedNumbers numbers_;
  double change_ = kNotShown, accumulated_ = 0;
  int cached_ = 0, continuous_ = 0;
  std::vector<int> computed_;  // newest first, as many as a forecast needs
  std::variant<std::monostate, TaylorSeerCalibrator, FoCaCalibrator> calibrator_;
};

std::string MaskText(const std::vector<int64_t>& mask) { return fmt::format("{}", fmt::join(mask, "")); }

class DBCache : public Method {
 public:
  explicit DBCache(const Options& options) : options_(options) {}
  std::string type() const override { return "db_cache"; }

  std::string Label() const override {
    const Options& o = options_;
    const bool is_static = o.steps_computation_policy == Options::Policy::kStatic;
    std::string label = fmt::format("db_cache(Fn={},Bn={}", o.fn_compute_blocks, o.bn_compute_blocks);
    if (!is_static) label += fmt::format(",threshold={}", o.residual_diff_threshold);
    label += fmt::format(",warmup={}", o.max_warmup_steps);
    if (o.warmup_interval != 1) label += fmt::format(",warmup_interval={}", o.warmup_interval);
    if (o.max_cached_steps >= 0) label += fmt::format(",max_cached={}", o.max_cached_steps);
    if (o.max_continuous_cached_steps >= 0) label += fmt::format(",max_continuous={}", o.max_continuous_cached_steps);
    if (o.max_accumulated_residual_diff_threshold)
      label += fmt::format(",max_accumulated={}", *o.max_accumulated_residual_diff_threshold);
    if (o.steps_computation_mask)
      label += fmt::format(",mask={}{}", MaskText(*o.steps_computation_mask), is_static ? ",static" : "");
    if (o.calibrator == Options::Calibrator::kTaylorSeer) label += fmt::format(",taylorseer={}", o.taylorseer_order);
    if (o.calibrator == Options::Calibrator::kFoCa) label += ",foca";
    return label + o.who.Label() + ")";
  }

  Scope DecisionScope() const override { return options_.who.Samples(); }
  GuidanceScope Halves(const RunShape& run) const override { return options_.who.Halves(run); }

  std::vector<Keep> Keeps(const RunShape& run) const override {
    int depth = 1;
    if (options_.calibrator == Options::Calibrator::kTaylorSeer) depth = options_.taylorseer_order + 1;
    if (options_.calibrator == Options::Calibrator::kFoCa) depth = std::min(run.calls, FoCaCalibrator::kHistory);
    return {{Cut(options_.fn_compute_blocks, options_.bn_compute_blocks), depth}};
  }

  std::optional<Criterion> criterion() const override {
    if (options_.steps_computation_policy == Options::Policy::kStatic) return std::nullopt;
    return Criterion{"change of the first blocks' residual", "relative change"};
  }

  std::unique_ptr<Policy> Start(const RunShape& run) const override {
    RequireCut(Label(), run, options_.fn_compute_blocks, options_.bn_compute_blocks);
    if (const auto& mask = options_.steps_computation_mask; mask && std::ssize(*mask) != run.calls)
      Fail("{}: the mask has {} entries, the run makes {} scheduler calls", Label(), mask->size(), run.calls);
    return std::make_unique<DBCachePolicy>(options_, run);
  }

 private:
  Options options_;
};

std::vector<Field<Options>> Limits() {
  return {Field("max_warmup_steps", &Options::max_warmup_steps)
              .Min(0)
              .Max(10000)
              .Help("calls at the start that compute; a mask that starts later cuts them down"),
          Field("warmup_interval", &Options::warmup_interval)
              .Min(1)
              .Max(10000)
              .Help("only every so many calls of the warm-up have to compute"),
          Field("max_cached_steps", &Options::max_cached_steps)
              .Min(-1)
              .Max(10000)
              .Help("calls of a trajectory that may use the cache; -1: no limit"),
          Field("max_continuous_cached_steps", &Options::max_continuous_cached_steps)
              .Min(-1)
              .Max(10000)
              .Help("longest run of them; -1: no limit"),
          Field("max_accumulated_residual_diff_threshold", &Options::max_accumulated_residual_diff_threshold)
              .Min(0)
              .Max(1e6)
              .Check([](const Json& value) {
                return value == 0 ? std::string("0 is no limit in the source: leave it out") : std::string();
              })
              .Help("sum of changes since the last full forward (as published: since the start) from which on a call "
                    "computes"),
          Field("steps_computation_mask", &Options::steps_computation_mask)
              .Check([](const Json& mask) { return WhyNoMask(mask, "compute", "may use the cache"); })
              .Allowed("list of 0 and 1, one a scheduler call")
              .Help("1: compute, 0: may use the cache"),
          Field("steps_computation_policy", &Options::steps_computation_policy)
              .Names<Options::Policy>({{"dynamic", Options::Policy::kDynamic}, {"static", Options::Policy::kStatic}})
              .When([](const Options& o) { return o.steps_computation_mask.has_value(); },
                    "only a steps_computation_mask has a policy")
              .Help("where the mask has 0: compare, or use the cache whatever the change")};
}

const OptionTable<Options>& Table() {
  using Calibrator = Options::Calibrator;
  static const OptionTable<Options> table = [] {
    std::vector<Field<Options>> fields = {
        Field("Fn_compute_blocks", &Options::fn_compute_blocks)
            .Min(1)
            .Max(1000)
            .Help("blocks at the start that always run, and whose residual is compared"),
        Field("Bn_compute_blocks", &Options::bn_compute_blocks)
            .Min(0)
            .Max(1000)
            .Help("blocks at the end that always run"),
        Field("residual_diff_threshold", &Options::residual_diff_threshold)
            .Min(0)
            .Max(1e6)
            .Threshold()
            .When([](const Options& o) { return o.steps_computation_policy == Options::Policy::kDynamic; },
                  "a static mask compares nothing")
            .Help("relative change of the residual below which the blocks between are not run"),
        Field("calibrator", &Options::calibrator)
            .Names<Calibrator>(
                {{"none", Calibrator::kNone}, {"taylorseer", Calibrator::kTaylorSeer}, {"foca", Calibrator::kFoCa}})
            .Help("what stands in for the residual: the last one, or a forecast of those so far"),
        Field("taylorseer_order", &Options::taylorseer_order)
            .Min(0)
            .Max(10)
            .When([](const Options& o) { return o.calibrator == Calibrator::kTaylorSeer; },
                  "only the calibrator \"taylorseer\" has an order")
            .Help("derivatives that the forecast uses")};
    for (auto& field : Limits()) fields.push_back(std::move(field));
    OptionTable<Options> options("db_cache", std::move(fields));
    options.Include(
        &Options::who,
        CacheScopeTable("cache-dit's decisions: by the mean over the batch; a threshold of 1 or more always "
                        "caches, a sum of changes never falls, slopes from call 3 on",
                        kJointOrPasses));
    return options;
  }();
  return table;
}

}  // namespace

std::unique_ptr<Method> MakeDBCache(const DBCacheOptions& options) {
  Table().Validate(options);
  return std::make_unique<DBCache>(options);
}

MethodType DBCacheType() {
  return DeclareMethod("the blocks between run only where what the first ones add has changed (cache-dit)", Table(),
                       MakeDBCache);
}

}  // namespace skipbench
