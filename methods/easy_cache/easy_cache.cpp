#include "methods/easy_cache/easy_cache.h"

namespace skipbench {
namespace {

using Options = EasyCacheOptions;
using Rule = Options::Rule;

constexpr CacheSite kOutput{CacheSite::Level::kOutput};

double ThresholdOf(const Options& options) {
  return options.thresh.value_or(options.rule == Rule::kPaper ? 0.05 : 0.2);
}

class EasyCachePolicy : public CachePolicy {
 public:
  EasyCachePolicy(const Options& options, int calls) : CachePolicy(calls), options_(options), calls_(calls) {}

  std::optional<ProbeSite> Probe(int) const override { return ProbeSite{.signal = ProbeSite::Signal::kInput}; }

  void ObserveProbe(int, const ProbeSums& seen) override {
    const auto elements = static_cast<double>(seen.elements);
    since_previous_ = seen.previous_change / elements;
    since_computed_ = seen.computed_change / elements;
  }

  Decision Decide(int call) override {
    if (call == 0 || !Looks(call)) {
      if (options_.rule == Rule::kPaper) accumulated_ = 0;
      return {};
    }
    if (full_ < 2) return {};
    const double moved = options_.rule == Rule::kPaper ? since_previous_ : since_computed_;
    accumulated_ += rate_ * moved / output_;
    Record(call, accumulated_, ThresholdOf(options_));
    if (accumulated_ < ThresholdOf(options_))
      return {.action = Action::kCombine, .site = kOutput, .weights = {1}, .input_weights = {1, -1}};
    accumulated_ = 0;
    return {};
  }

  void Observe(int call, const Observation& seen) override {
    if (seen.action != Action::kPredict || !Counts(call)) return;
    const auto elements = static_cast<double>(seen.output.elements);
    if (full_ > 0) rate_ = seen.output.change / elements / since_computed_;
    output_ = seen.output.self_abs / elements;
    ++full_;
  }

  std::unique_ptr<Policy> Clone() const override { return std::make_unique<EasyCachePolicy>(*this); }

 private:
  // Whether the call may do without the network.
  bool Looks(int call) const {
    if (options_.rule == Rule::kPaper) return call >= options_.ret_steps && call < calls_ - options_.last_steps;
    const double share = static_cast<double>(call) / calls_;
    return share >= options_.start_percent && share < options_.end_percent;
  }
  // Whether its outputs are looked at: ComfyUI's rule knows nothing of what was before its window.
  bool Counts(int call) const { return options_.rule == Rule::kPaper || Looks(call); }

  Options options_;
  int calls_;
  int full_ = 0;                                                    // forwards that count
  double since_previous_ = kNotShown, since_computed_ = kNotShown;  // mean |x - x_last|
  double rate_ = kNotShown;    // change of the output by change of the input, between the two last full forwards
  double output_ = kNotShown;  // mean |o| of the last one
  double accumulated_ = 0;
};

class EasyCache : public Method {
 public:
  explicit EasyCache(const Options& options) : options_(options) {}
  std::string type() const override { return "easy_cache"; }

  std::string Label() const override {
    const Options& o = options_;
    std::string label = fmt::format("easy_cache(thresh={}", ThresholdOf(o));
    if (o.rule == Rule::kComfyUi) {
      label += fmt::format(",rule=comfyui,start_percent={},end_percent={}", o.start_percent, o.end_percent);
    } else {
      label += fmt::format(",ret_steps={}", o.ret_steps);
      if (o.last_steps != 1) label += fmt::format(",last_steps={}", o.last_steps);
    }
    return label + o.who.Label() + ")";
  }

  Scope DecisionScope() const override { return options_.who.Samples(); }
  GuidanceScope Halves() const override { return options_.who.halves.value_or(GuidanceScope::kConditional); }
  Needs Observes() const override { return {.output = true}; }
  std::vector<Keep> Keeps(const RunShape&) const override { return {{kOutput}}; }
  std::optional<Criterion> criterion() const override {
    return Criterion{"accumulated predicted change of the output", "accumulated relative change"};
  }
  std::unique_ptr<Policy> Start(const RunShape& run) const override {
    return std::make_unique<EasyCachePolicy>(options_, run.calls);
  }

 private:
  Options options_;
};

const OptionTable<Options>& Table() {
  static const OptionTable<Options> table = [] {
    const auto paper = [](const Options& o) { return o.rule == Rule::kPaper; };
    const auto comfyui = [](const Options& o) { return o.rule == Rule::kComfyUi; };
    const std::string counts = "the rule \"comfyui\" has a window instead",
                      window = "only the rule \"comfyui\" has a window";
    OptionTable<Options> options(
        "easy_cache",
        {Field("rule", &Options::rule)
             .Names<Rule>({{"paper", Rule::kPaper}, {"comfyui", Rule::kComfyUi}})
             .Help("distances from call to call, or each from the last full forward"),
         Field("thresh", &Options::thresh)
             .Min(0)
             .Max(1e6)
             .Threshold()
             .Default("0.05; with the rule \"comfyui\" 0.2")
             .Help("sum of predicted relative changes below which the network is not run (ComfyUI: reuse_threshold)"),
         Field("ret_steps", &Options::ret_steps)
             .Min(0)
             .Max(10000)
             .When(paper, counts)
             .Help("calls at the start that compute"),
         Field("last_steps", &Options::last_steps)
             .Min(0)
             .Max(10000)
             .When(paper, counts)
             .Help("calls at the end that compute"),
         Field("start_percent", &Options::start_percent)
             .Min(0)
             .Max(1)
             .When(comfyui, window)
             .Help("share of the calls before the window"),
         Field("end_percent", &Options::end_percent)
             .Min(0)
             .Max(1)
             .When(comfyui, window)
             .Help("share of the calls up to its end")});
    options.Include(&Options::who, CacheScopeTable("by the mean over the batch", "conditional"));
    options.Rule([](const Options& o) {
      if (o.who.as_published && o.rule == Rule::kComfyUi)
        FailUnsupportedOption("as_published",
                              "ComfyUI compares every eighth row and column only, which no sum over a latent shows");
      if (o.who.as_published && o.who.Samples() == Scope::kSample)
        FailOption("as_published", "with the scope \"sample\" nothing differs from the source");
      if (o.rule == Rule::kComfyUi && o.end_percent <= o.start_percent)
        FailOption("end_percent", "expected more than start_percent, {}, found {}", o.start_percent, o.end_percent);
    });
    return options;
  }();
  return table;
}

}  // namespace

std::unique_ptr<Method> MakeEasyCache(const EasyCacheOptions& options) {
  Table().Validate(options);
  return std::make_unique<EasyCache>(options);
}

MethodType EasyCacheType() {
  return DeclareMethod("the network is not run until changes predicted from its input add up: any network", Table(),
                       MakeEasyCache);
}

}  // namespace skipbench
