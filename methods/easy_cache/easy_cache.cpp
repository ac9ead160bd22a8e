#include "methods/easy_cache/easy_cache.h"

namespace skipbench {
namespace {

using Options = EasyCacheOptions;
using Rule = Options::Rule;

constexpr CacheSite kOutput{CacheSite::Level::kOutput};

double ThresholdOf(const Options& options) {
  return options.thresh.value_or(options.rule == Rule::kPaper ? 0.05 : 0.2);
}

// ComfyUI's node itself.
bool IsNode(const Options& options) { return options.rule == Rule::kComfyUi && options.who.as_published; }

// The authors' script for Wan has its inputs and outputs in float32, the node in the model's type.
PublishedNumbers NumbersOf(const Options& options, const RunShape& run) { return {run, IsNode(options)}; }

SumView ViewFor(const Options& options) {
  return IsNode(options) ? SumView{.stride = 8, .rounding = SumView::Rounding::kDifference} : SumView{};
}

// How much of the run is over before a call. The node says so by the noise level of a share of the model's schedule,
// for models of discrete timesteps those at 999 times the rest; for flows that share of evenly spaced steps.
double ShareOf(int call, const Options& options, const RunShape& run) {
  if (IsNode(options) && run.prediction_type != "flow_prediction" && !run.timesteps.empty())
    return 1 - run.timesteps[static_cast<size_t>(call)] / 999;
  return static_cast<double>(call) / run.calls;
}

class EasyCachePolicy : public CachePolicy {
 public:
  EasyCachePolicy(const Options& options, const RunShape& run)
      : CachePolicy(run.calls),
        options_(options),
        numbers_(NumbersOf(options, run)),
        threshold_(numbers_(ThresholdOf(options))),
        calls_(run.calls) {
    for (int call = 0; call < run.calls; ++call) shares_.push_back(ShareOf(call, options, run));
  }

  std::optional<ProbeSite> Probe(int) const override {
    return ProbeSite{.signal = ProbeSite::Signal::kInput, .view = ViewFor(options_)};
  }

  void ObserveProbe(int, const ProbeSums& seen) override {
    since_previous_ = numbers_.Mean(seen.previous_change, seen.elements);
    since_computed_ = numbers_.Mean(seen.computed_change, seen.elements);
  }

  Decision Decide(int call) override {
    if (call == 0 || !Looks(call)) {
      if (options_.rule == Rule::kPaper) accumulated_ = 0;
      return {};
    }
    if (full_ < 2) return {};
    const double moved = options_.rule == Rule::kPaper ? since_previous_ : since_computed_;
    accumulated_ = numbers_(accumulated_ + numbers_(numbers_(rate_ * moved) / output_));
    Record(call, accumulated_, threshold_);
    if (accumulated_ < threshold_) return Follow();
    accumulated_ = 0;
    return {};
  }

  void Observe(int call, const Observation& seen) override {
    if (seen.action != Action::kPredict || !Counts(call)) return;
    const OutputSums& o = seen.output;
    if (full_ > 0) rate_ = numbers_(numbers_.Mean(o.change, o.changed_elements) / since_computed_);
    // The node's mean runs over the whole output of a batch of both rows.
    const bool of_rows = IsNode(options_) && !std::isnan(o.rows_abs);
    output_ = of_rows ? numbers_.Mean(o.rows_abs, o.rows_elements) : numbers_.Mean(o.self_abs, o.elements);
    ++full_;
  }

  std::unique_ptr<Policy> Clone() const override { return std::make_unique<EasyCachePolicy>(*this); }

 private:
  // The last output plus what the input has moved; the node rounds the difference first.
  Decision Follow() const {
    using From = RoundedSum::From;
    Decision decision{.action = Action::kCombine, .site = kOutput};
    if (numbers_.rounds()) {
      decision.sums = {{.terms = {{From::kKept, 0}, {From::kInput, 1, -1}}},
                       {.terms = {{From::kInput, 0}, {From::kSum, 0}}}};
    } else {
      decision.weights = {1};
      decision.input_weights = {1, -1};
    }
    return decision;
  }
  // Whether the call may do without the network.
  bool Looks(int call) const {
    if (options_.rule == Rule::kPaper) return call >= options_.ret_steps && call < calls_ - options_.last_steps;
    const double share = shares_[static_cast<size_t>(call)];
    return share >= options_.start_percent && (share < options_.end_percent || options_.end_percent == 1);
  }
  // Whether its outputs are looked at: ComfyUI's rule knows nothing of what was before its window.
  bool Counts(int call) const { return options_.rule == Rule::kPaper || Looks(call); }

  Options options_;
  PublishedNumbers numbers_;
  double threshold_;
  int calls_;
  std::vector<double> shares_;                                      // of the run that is over before each call
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
  // ComfyUI's batches begin with the unconditional row, and the first one decides.
  GuidanceScope Halves(const RunShape&) const override {
    return options_.who.halves.value_or(IsNode(options_) ? GuidanceScope::kUnconditional : GuidanceScope::kConditional);
  }
  Needs Observes() const override { return {.output = {ViewFor(options_)}}; }
  std::vector<Keep> Keeps(const RunShape&) const override { return {{kOutput}}; }
  std::optional<Criterion> criterion() const override {
    return Criterion{"accumulated predicted change of the output", "accumulated relative change"};
  }
  std::unique_ptr<Policy> Start(const RunShape& run) const override {
    if (IsNode(options_) && !run.network.signals.contains(ProbeSite::Signal::kFilteredInput))
      FailUnsupported("{}: the node compares every eighth row and column, and the network's latents have none",
                      Label());
    return std::make_unique<EasyCachePolicy>(options_, run);
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
    options.Include(
        &Options::who,
        CacheScopeTable("by the mean over the batch; ComfyUI: every eighth row and column of the first row of guidance",
                        "conditional; of ComfyUI as published unconditional"));
    options.Rule([](const Options& o) {
      if (o.who.as_published && o.rule != Rule::kComfyUi && o.who.Samples() == Scope::kSample)
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
