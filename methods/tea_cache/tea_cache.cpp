#include "methods/tea_cache/tea_cache.h"

#include <algorithm>

#include "methods/tea_cache/published_coefficients.h"

namespace skipbench {
namespace {

using Options = TeaCacheOptions;

// The options with whatever was not given.
struct Rule {
  double threshold = 0;
  std::vector<double> coefficients = {1, 0};  // the identity
  ProbeSite::Signal signal = ProbeSite::Signal::kModulatedInput;
  int first = 1, last = 1;
  bool as_published = false;
};

const PublishedCoefficients* FindPublished(const std::string& name) {
  const auto all = AllPublishedCoefficients();
  const auto found = std::ranges::find(all, name, &PublishedCoefficients::name);
  return found == all.end() ? nullptr : &*found;
}

Rule MakeRule(const Options& options) {
  Rule rule{.threshold = options.rel_l1_thresh, .as_published = options.who.as_published};
  if (options.coefficients[0].is_number()) {
    rule.coefficients.assign(options.coefficients.begin(), options.coefficients.end());
  } else if (const auto* published = FindPublished(options.coefficients[0].get<std::string>())) {
    rule.coefficients = published->coefficients;
    rule.signal = published->signal;
    rule.first = published->ret_steps;
    rule.last = published->last_steps;
  }
  rule.signal = options.signal.value_or(rule.signal);
  rule.first = options.ret_steps.value_or(rule.first);
  rule.last = options.last_steps.value_or(rule.last);
  return rule;
}

class TeaCachePolicy : public CachePolicy {
 public:
  TeaCachePolicy(const Rule& rule, int calls) : CachePolicy(calls), rule_(rule), end_(calls - rule.last) {}

  std::optional<ProbeSite> Probe(int call) const override {
    if (call >= end_) return std::nullopt;  // nothing is compared from here on
    return ProbeSite{.signal = rule_.signal};
  }
  void ObserveProbe(int, const ProbeSums& seen) override { change_ = seen.previous_change / seen.previous_abs; }

  Decision Decide(int call) override {
    if (call < std::max(1, rule_.first) || call >= end_) {
      accumulated_ = 0;
      return {};
    }
    const double distance = Rescale(change_);
    accumulated_ += rule_.as_published ? distance : distance < 0 ? 0 : distance;
    Record(call, accumulated_, rule_.threshold);
    if (accumulated_ < rule_.threshold) return Shallow(Cut(0, 0));
    accumulated_ = 0;
    return {};
  }

  void Observe(int, const Observation&) override {}
  std::unique_ptr<Policy> Clone() const override { return std::make_unique<TeaCachePolicy>(*this); }

 private:
  // As numpy's poly1d does.
  double Rescale(double change) const {
    double value = 0;
    for (const double coefficient : rule_.coefficients) value = value * change + coefficient;
    return value;
  }

  Rule rule_;
  int end_;
  double change_ = kNotShown, accumulated_ = 0;
};

const char* NameOf(ProbeSite::Signal signal) {
  return signal == ProbeSite::Signal::kTimeEmbedding    ? "time_embedding"
         : signal == ProbeSite::Signal::kTimeProjection ? "time_projection"
                                                        : "modulated_input";
}

class TeaCache : public Method {
 public:
  explicit TeaCache(const Options& options) : options_(options), rule_(MakeRule(options)) {}
  std::string type() const override { return "tea_cache"; }

  std::string Label() const override {
    const Options& o = options_;
    std::string label = fmt::format("tea_cache(rel_l1_thresh={},coefficients=", o.rel_l1_thresh);
    label += o.coefficients[0].is_number() ? fmt::format("[{}]", fmt::join(rule_.coefficients, ","))
                                           : o.coefficients[0].get<std::string>();
    if (o.signal) label += fmt::format(",signal={}", NameOf(*o.signal));
    if (o.ret_steps) label += fmt::format(",ret_steps={}", *o.ret_steps);
    if (o.last_steps) label += fmt::format(",last_steps={}", *o.last_steps);
    return label + o.who.Label() + ")";
  }

  Scope DecisionScope() const override { return options_.who.Samples(); }
  GuidanceScope Halves() const override { return options_.who.halves.value_or(GuidanceScope::kJoint); }
  std::vector<Keep> Keeps(const RunShape&) const override { return {{Cut(0, 0)}}; }
  std::optional<Criterion> criterion() const override {
    return Criterion{"accumulated change of the signal", "accumulated distance"};
  }
  std::unique_ptr<Policy> Start(const RunShape& run) const override {
    RequireCut(Label(), run, 0, 0);
    RequireSignal(Label(), run, rule_.signal);
    return std::make_unique<TeaCachePolicy>(rule_, run.calls);
  }

 private:
  Options options_;
  Rule rule_;
};

std::string PublishedNames() {
  std::string names = "identity";
  for (const auto& published : AllPublishedCoefficients()) names += ", " + std::string(published.name);
  return names;
}

std::string WhyNoCoefficients(const Json& value) {
  if (value.is_string() || (value.is_array() && value.size() == 1 && value[0].is_string())) {
    const std::string name = value.is_string() ? value : value[0];
    if (name == "identity" || FindPublished(name)) return "";
    return fmt::format("no published coefficients have the name \"{}\"; there are {}", name, PublishedNames());
  }
  bool numbers = value.is_array() && !value.empty() && value.size() <= 20;
  for (size_t k = 0; numbers && k < value.size(); ++k)
    numbers = value[k].is_number() && std::isfinite(value[k].get<double>());
  return numbers ? "" : fmt::format("expected a list of at most 20 numbers, or a name, found {}", Describe(value));
}

const OptionTable<Options>& Table() {
  using Signal = ProbeSite::Signal;
  static const OptionTable<Options> table = [] {
    OptionTable<Options> options(
        "tea_cache",
        {Field("rel_l1_thresh", &Options::rel_l1_thresh)
             .Min(0)
             .Max(1e6)
             .Required()
             .Threshold()
             .Help("sum of rescaled changes below which the blocks are not run; each model has a scale of its own"),
         Field("coefficients", &Options::coefficients)
             .OneOrMore()
             .Check(WhyNoCoefficients)
             .Allowed("list of numbers, or " + PublishedNames())
             .Default("identity")
             .Help("of the polynomial that rescales changes, highest power first"),
         Field("signal", &Options::signal)
             .Names<Signal>({{"modulated_input", Signal::kModulatedInput},
                             {"time_embedding", Signal::kTimeEmbedding},
                             {"time_projection", Signal::kTimeProjection}})
             .Default("that of the published coefficients, else modulated_input")
             .Help("whose changes are added up"),
         Field("ret_steps", &Options::ret_steps)
             .Min(1)
             .Max(10000)
             .Default("that of the published coefficients, else 1")
             .Help("calls at the start that compute"),
         Field("last_steps", &Options::last_steps)
             .Min(0)
             .Max(10000)
             .Default("that of the published coefficients, else 1")
             .Help("calls at the end that compute")});
    options.Include(&Options::who,
                    CacheScopeTable("by the mean over the batch; a polynomial below 0 takes off the sum", "joint"));
    options.Rule([](const Options& o) {
      const auto coefficients = MakeRule(o).coefficients;
      if (o.who.as_published && o.who.Samples() == Scope::kSample &&
          std::ranges::none_of(coefficients, [](double one) { return one < 0; }))
        FailOption("as_published",
                   "with the scope \"sample\" and a polynomial that is never below 0 nothing differs from the source");
    });
    return options;
  }();
  return table;
}

}  // namespace

std::unique_ptr<Method> MakeTeaCache(const TeaCacheOptions& options) {
  Table().Validate(options);
  return std::make_unique<TeaCache>(options);
}

MethodType TeaCacheType() {
  return DeclareMethod("the blocks are not run until rescaled changes of a cheap signal add up (CVPR 2025)", Table(),
                       MakeTeaCache);
}

}  // namespace skipbench
