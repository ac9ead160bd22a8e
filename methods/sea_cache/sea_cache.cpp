#include "methods/sea_cache/sea_cache.h"

#include <algorithm>
#include <cmath>

namespace skipbench {
namespace {

using Options = SeaCacheOptions;

class SeaCachePolicy : public CachePolicy {
 public:
  SeaCachePolicy(const Options& options, const RunShape& run)
      : CachePolicy(run.calls), options_(options), end_(run.calls - options.cache_end_steps) {
    // The hook takes the filtered input back to the model's type; means and quotients are float32.
    if (PublishedNumbers(run, options.who.as_published).rounds()) rounding_ = SumView::Rounding::kSignal;
  }

  std::optional<ProbeSite> Probe(int call) const override {
    if (call >= end_) return std::nullopt;  // nothing is compared from here on
    return ProbeSite{
        .signal = ProbeSite::Signal::kFilteredInput, .power = options_.power_exp, .view = {.rounding = rounding_}};
  }

  void ObserveProbe(int, const ProbeSums& seen) override {
    change_ = seen.previous_ratio;
    // The hook adds 1e-16 to what it divides by.
    if (options_.who.as_published && seen.previous_abs == 0 && seen.previous_change == 0) change_ = 0;
  }

  Decision Decide(int call) override {
    const int longest = options_.max_consecutive_cached;
    if (call < std::max(1, options_.retention_steps) || call >= end_ || (longest > 0 && cached_ >= longest))
      return Compute();
    accumulated_ += change_;
    Record(call, accumulated_, options_.threshold);
    if (!(accumulated_ < options_.threshold)) return Compute();
    return Shallow(Cut(0, 0), Extrapolate(call));
  }

  void Observe(int call, const Observation& seen) override {
    if (seen.action != Action::kPredict) {
      ++cached_;
      return;
    }
    cached_ = 0;
    before_ = last_;
    last_ = call;
  }

  std::unique_ptr<Policy> Clone() const override { return std::make_unique<SeaCachePolicy>(*this); }

 private:
  Decision Compute() {
    accumulated_ = 0;
    return {};
  }

  std::vector<double> Extrapolate(int call) const {
    if (options_.residual_order == 0 || before_ < 0) return {};
    const double ahead = static_cast<double>(call - last_) / (last_ - before_);
    return {1 + ahead, -ahead};
  }

  Options options_;
  SumView::Rounding rounding_ = SumView::Rounding::kNone;
  int end_;
  double change_ = kNotShown, accumulated_ = 0;
  int cached_ = 0;               // calls since the last full forward
  int last_ = -1, before_ = -1;  // the two last full forwards
};

class SeaCache : public Method {
 public:
  explicit SeaCache(const Options& options) : options_(options) {}
  std::string type() const override { return "sea_cache"; }

  std::string Label() const override {
    const Options& o = options_;
    std::string label = fmt::format("sea_cache(threshold={}", o.threshold);
    const Options usual;
    if (o.residual_order != usual.residual_order) label += fmt::format(",residual_order={}", o.residual_order);
    if (o.retention_steps != usual.retention_steps) label += fmt::format(",retention_steps={}", o.retention_steps);
    if (o.cache_end_steps != usual.cache_end_steps) label += fmt::format(",cache_end_steps={}", o.cache_end_steps);
    if (o.max_consecutive_cached != usual.max_consecutive_cached)
      label += fmt::format(",max_consecutive_cached={}", o.max_consecutive_cached);
    if (o.power_exp != usual.power_exp) label += fmt::format(",power_exp={}", o.power_exp);
    return label + o.who.Label() + ")";
  }

  Scope DecisionScope() const override { return options_.who.Samples(); }
  GuidanceScope Halves(const RunShape& run) const override { return options_.who.Halves(run); }
  std::vector<Keep> Keeps(const RunShape&) const override { return {{Cut(0, 0), options_.residual_order + 1}}; }
  std::optional<Criterion> criterion() const override {
    return Criterion{"accumulated change of the filtered input", "accumulated relative change"};
  }
  std::unique_ptr<Policy> Start(const RunShape& run) const override {
    RequireCut(Label(), run, 0, 0);
    RequireSignal(Label(), run, ProbeSite::Signal::kFilteredInput);
    return std::make_unique<SeaCachePolicy>(options_, run);
  }

 private:
  Options options_;
};

const OptionTable<Options>& Table() {
  static const OptionTable<Options> table = [] {
    OptionTable<Options> options(
        "sea_cache",
        {Field("threshold", &Options::threshold)
             .Min(0)
             .Max(1e6)
             .Threshold()
             .Help("sum of changes of the filtered input below which the blocks are not run"),
         Field("residual_order", &Options::residual_order)
             .Min(0)
             .Max(1)
             .Help("0: the last residual again, 1: a line through the last two"),
         Field("retention_steps", &Options::retention_steps)
             .Min(0)
             .Max(10000)
             .Help("calls at the start that compute; the first one does in any case"),
         Field("cache_end_steps", &Options::cache_end_steps).Min(0).Max(10000).Help("calls at the end that compute"),
         Field("max_consecutive_cached", &Options::max_consecutive_cached)
             .Min(0)
             .Max(10000)
             .Help("longest run of calls without the blocks; 0: no limit"),
         Field("power_exp", &Options::power_exp)
             .Min(1e-6)
             .Max(100)
             .Help("exponent of the frequency in the filter: the prior of clean signals")});
    options.Include(
        &Options::who,
        CacheScopeTable("by the batch, samples' changes averaged; an input of zeros has not changed", kJointOrPasses));
    return options;
  }();
  return table;
}

}  // namespace

std::unique_ptr<Method> MakeSeaCache(const SeaCacheOptions& options) {
  Table().Validate(options);
  return std::make_unique<SeaCache>(options);
}

MethodType SeaCacheType() {
  return DeclareMethod(
      "the blocks are not run until changes of the frequency-filtered input add up; their residual is extrapolated",
      Table(), MakeSeaCache);
}

}  // namespace skipbench
