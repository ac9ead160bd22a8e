#include "methods/first_block_cache/first_block_cache.h"

namespace skipbench {
namespace {

using Options = FirstBlockCacheOptions;

class FirstBlockPolicy : public CachePolicy {
 public:
  FirstBlockPolicy(const Options& options, const RunShape& run)
      : CachePolicy(run.calls), options_(options), numbers_(run, options.who.as_published) {}

  std::optional<ProbeSite> Probe(int) const override {
    return ProbeSite{.signal = ProbeSite::Signal::kFront, .front = 1, .view = {.rounding = numbers_.differences()}};
  }
  void ObserveProbe(int, const ProbeSums& seen) override {
    change_ = numbers_.Ratio(seen.computed_change, seen.computed_abs, seen.elements);
  }

  Decision Decide(int call) override {
    if (call < std::max(1, options_.warmup_steps)) return {};
    Record(call, change_, options_.threshold);
    return Reuses() ? Shallow(Cut(1, 0)) : Decision{};
  }

  void Observe(int, const Observation&) override {}
  std::unique_ptr<Policy> Clone() const override { return std::make_unique<FirstBlockPolicy>(*this); }

 private:
  bool Reuses() const {
    const double threshold = options_.threshold;
    if (!options_.who.as_published) return change_ < threshold;
    if (options_.source == Options::Source::kParaAttention) return threshold > 0 && change_ < threshold;
    return !(change_ > threshold);  // 0/0, too
  }

  Options options_;
  PublishedNumbers numbers_;
  double change_ = kNotShown;
};

class FirstBlockCache : public Method {
 public:
  explicit FirstBlockCache(const Options& options) : options_(options) {}
  std::string type() const override { return "first_block_cache"; }
  std::string Label() const override {
    return fmt::format("first_block_cache(threshold={}{}{}{})", options_.threshold,
                       options_.warmup_steps ? fmt::format(",warmup_steps={}", options_.warmup_steps) : "",
                       options_.who.Label(),
                       options_.source == Options::Source::kParaAttention ? ",source=para_attention" : "");
  }
  Scope DecisionScope() const override { return options_.who.Samples(); }
  GuidanceScope Halves(const RunShape& run) const override { return options_.who.Halves(run); }
  std::vector<Keep> Keeps(const RunShape&) const override { return {{Cut(1, 0)}}; }
  std::optional<Criterion> criterion() const override {
    return Criterion{"change of the first block's residual", "relative change"};
  }
  std::unique_ptr<Policy> Start(const RunShape& run) const override {
    RequireCut(Label(), run, 1, 0);
    return std::make_unique<FirstBlockPolicy>(options_, run);
  }

 private:
  Options options_;
};

const OptionTable<Options>& Table() {
  using Source = Options::Source;
  static const OptionTable<Options> table = [] {
    OptionTable<Options> options(
        "first_block_cache",
        {Field("threshold", &Options::threshold)
             .Min(0)
             .Max(1e6)
             .Threshold()
             .Help("relative change of the first block's residual below which the others are not run"),
         Field("warmup_steps", &Options::warmup_steps)
             .Min(0)
             .Max(10000)
             .Help("calls at the start that always compute (ParaAttention)"),
         Field("source", &Options::source)
             .Names<Source>({{"diffusers", Source::kDiffusers}, {"para_attention", Source::kParaAttention}})
             .When([](const Options& o) { return o.who.as_published; }, "only what is run as published has a source")
             .Help("whose comparison: the two differ at ties, at 0/0 and at the threshold 0")});
    options.Include(
        &Options::who,
        CacheScopeTable("the source's comparison, by the mean over the batch; diffusers: 0/0 reuses", kJointOrPasses));
    return options;
  }();
  return table;
}

}  // namespace

std::unique_ptr<Method> MakeFirstBlockCache(const FirstBlockCacheOptions& options) {
  Table().Validate(options);
  return std::make_unique<FirstBlockCache>(options);
}

MethodType FirstBlockCacheType() {
  return DeclareMethod("the blocks after the first run only where its residual has changed (FBCache, ParaAttention)",
                       Table(), MakeFirstBlockCache);
}

}  // namespace skipbench
