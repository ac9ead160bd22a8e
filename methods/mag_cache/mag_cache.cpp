#include "methods/mag_cache/mag_cache.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "harness/base/error.h"
#include "methods/mag_cache/mag_ratios.h"
#include "methods/mag_cache/published_ratios.h"

namespace skipbench {
namespace {

using Options = MagCacheOptions;
using Rule = Options::Rule;

// Calls whose blocks run in any case.
struct Protected {
  int first = 0;  // those before it, which do not count either
  std::set<int> later = {};
};

Protected FindProtected(const Options& options, const RunShape& run) {
  const double calls = run.calls;
  const Protected rounded{static_cast<int>(options.retention_ratio * calls + 0.5)};
  if (!options.as_published) return rounded;
  switch (options.rule) {
    case Rule::kDiffusers: return rounded;
    case Rule::kHunyuan: return {static_cast<int>(options.retention_ratio * calls)};
    case Rule::kWan: {
      // It counts passes of the network, of which the conditional one comes first.
      const int passes = run.guidance_rows, after = passes == 2 && run.guidance_row == 0 ? 1 : 0;
      const int first = static_cast<int>(passes * calls * options.retention_ratio);
      return {(first - after + passes - 1) / passes};
    }
    case Rule::kFlux: {
      Protected found = rounded;
      for (int call = 0; call < run.calls && run.calls > 1; ++call)
        if (std::nearbyint(call * (27 / (calls - 1))) == 11) found.later.insert(call);
      return found;
    }
  }
  return rounded;
}

// Number: what the source adds up in. diffusers' ratios are a float32 tensor.
template <typename Number>
class MagCachePolicy : public CachePolicy {
 public:
  MagCachePolicy(const Options& options, std::vector<double> ratios, const RunShape& run)
      : CachePolicy(run.calls),
        options_(options),
        ratios_(std::move(ratios)),
        protected_(FindProtected(options, run)) {}

  Decision Decide(int call) override {
    if (call < protected_.first) return {};
    scale_ *= static_cast<Number>(ratios_[static_cast<size_t>(call)]);
    error_ += std::abs(1 - scale_);
    ++skipped_;
    if (Skips(call)) return Shallow(Cut(0, 0));
    scale_ = 1;
    error_ = 0;
    skipped_ = 0;
    return {};
  }

  void Observe(int, const Observation&) override {}
  std::unique_ptr<Policy> Clone() const override { return std::make_unique<MagCachePolicy>(*this); }

 private:
  bool Skips(int call) {
    if (call == 0 || skipped_ > options_.max_skip_steps || protected_.later.contains(call)) return false;
    const auto threshold = static_cast<Number>(options_.threshold);
    Record(call, error_, options_.threshold);
    return options_.as_published && options_.rule == Rule::kWan ? error_ < threshold : error_ <= threshold;
  }

  Options options_;
  std::vector<double> ratios_;
  Protected protected_;
  Number scale_ = 1, error_ = 0;
  int skipped_ = 0;  // calls since the blocks last ran, with the one at hand
};

const PublishedRatios* FindPublished(const std::string& name) {
  const auto all = AllPublishedRatios();
  const auto found = std::ranges::find(all, name, &PublishedRatios::name);
  return found == all.end() ? nullptr : &*found;
}

class MagCache : public Method {
 public:
  MagCache(const Options& options, MagRatios ratios) : options_(options), ratios_(std::move(ratios)) {}
  std::string type() const override { return "mag_cache"; }

  std::string Label() const override {
    const Options& o = options_;
    const auto& list = ratios_.rows.back();
    std::string label = fmt::format("mag_cache(threshold={},max_skip_steps={},retention_ratio={},mag_ratios={}",
                                    o.threshold, o.max_skip_steps, o.retention_ratio,
                                    ratios_.name.empty() ? fmt::format("[{}]", fmt::join(list, ","))
                                                         : fmt::format("{}[{}]", ratios_.name, list.size()));
    if (o.as_published) {
      const char* names[] = {"diffusers", "flux", "wan", "hunyuan"};
      label += fmt::format(",as_published,rule={}", names[static_cast<int>(o.rule)]);
    }
    return label + CacheScope{.halves = o.halves}.Label() + ")";
  }

  GuidanceScope Halves(const RunShape& run) const override {
    return CacheScope{.as_published = options_.as_published, .halves = options_.halves}.Halves(run);
  }
  std::vector<Keep> Keeps(const RunShape&) const override { return {{Cut(0, 0)}}; }
  std::optional<Criterion> criterion() const override {
    return Criterion{"accumulated error of the residual's size", "accumulated error"};
  }

  std::unique_ptr<Policy> Start(const RunShape& run) const override {
    RequireCut(Label(), run, 0, 0);
    if (!ratios_.model.empty() && !run.model.empty() && ratios_.model != run.model)
      Fail("{}: {} was measured on {}, the run is of {}", Label(), ratios_.name, ratios_.model, run.model);
    const bool single = options_.as_published && options_.rule == Rule::kDiffusers;
    std::vector<double> ratios = ResampleRatios(RatiosFor(run), run.calls, single);
    if (single) return std::make_unique<MagCachePolicy<float>>(options_, std::move(ratios), run);
    return std::make_unique<MagCachePolicy<double>>(options_, std::move(ratios), run);
  }

 private:
  // Of the guidance rows that decide: what a row of tokens of both is on average, where both do.
  std::vector<double> RatiosFor(const RunShape& run) const {
    const auto& rows = ratios_.rows;
    const GuidanceScope halves = Halves(run);
    if (rows.size() == 1 || run.guidance_rows == 1 || halves == GuidanceScope::kConditional) return rows.back();
    if (halves == GuidanceScope::kUnconditional) return rows.front();
    if (halves == GuidanceScope::kSeparate) return run.guidance_row == 0 ? rows.front() : rows.back();
    std::vector<double> mean = rows[0];
    for (size_t k = 0; k < mean.size(); ++k) mean[k] = (mean[k] + rows[1][k]) / 2;
    return mean;
  }

  Options options_;
  MagRatios ratios_;
};

std::string PublishedNames() {
  std::string names;
  for (const auto& published : AllPublishedRatios())
    names += std::string(names.empty() ? "" : ", ") + std::string(published.name);
  return names;
}

std::string WhyNoRatios(const Json& value) {
  if (value.is_string() || (value.is_array() && value.size() == 1 && value[0].is_string())) return "";
  bool ratios = value.is_array() && !value.empty();
  for (size_t k = 0; ratios && k < value.size(); ++k)
    ratios = value[k].is_number() && std::isfinite(value[k].get<double>()) && value[k] > 0;
  return ratios ? "" : fmt::format("expected a list of numbers above 0, or a name, found {}", Describe(value));
}

MagRatios FindRatios(const Options& options, const std::filesystem::path& folder) {
  const Json& first = options.mag_ratios.at(0);
  if (first.is_number()) return {.rows = {{options.mag_ratios.begin(), options.mag_ratios.end()}}};
  const std::string name = first;
  if (const auto* published = FindPublished(name)) return {.name = name, .rows = published->rows};
  if (!std::filesystem::exists(folder / name))
    FailOption("mag_ratios", "there is no file {}, and no published ratios have that name: {}",
               (folder / name).lexically_normal().string(), PublishedNames());
  return ReadMagRatios(folder, name);
}

const OptionTable<Options>& Table() {
  static const OptionTable<Options> table = [] {
    OptionTable<Options> options(
        "mag_cache",
        {Field("threshold", &Options::threshold)
             .Min(0)
             .Max(1e6)
             .Threshold()
             .Help("accumulated error up to which the blocks are not run"),
         Field("max_skip_steps", &Options::max_skip_steps)
             .Min(0)
             .Max(10000)
             .Help("longest run of calls without the blocks (K)"),
         Field("retention_ratio", &Options::retention_ratio)
             .Min(0)
             .Max(1)
             .Help("share of the calls, from the first, that compute"),
         Field("mag_ratios", &Options::mag_ratios)
             .OneOrMore()
             .Check(WhyNoRatios)
             .Allowed("list of numbers, a file of skipbench calibrate, or " + PublishedNames())
             .Default("none: they have to be given")
             .Help(
                 "size of each call's residual by that of the call before; other numbers of calls: nearest neighbours"),
         Field("as_published", &Options::as_published)
             .Help("as one of the sources starts, compares and rounds, instead of as described"),
         Field("rule", &Options::rule)
             .Names<Rule>({{"diffusers", Rule::kDiffusers},
                           {"flux", Rule::kFlux},
                           {"wan", Rule::kWan},
                           {"hunyuan", Rule::kHunyuan}})
             .When([](const Options& o) { return o.as_published; }, "only what is run as published has a source's rule")
             .Help("which source: diffusers' hook, or the authors' script for FLUX, Wan 2.1 or HunyuanVideo"),
         Field("halves", &Options::halves)
             .Names<GuidanceScope>(GuidanceScopeNames())
             .Default("joint; as published separate where guidance runs two passes")
             .Help("whose ratios decide where guidance takes two rows: their mean, each its own, those of one")});
    options.Rule([](const Options& o) {
      if (o.mag_ratios.empty())
        FailOption("mag_ratios", "missing: give ratios, a file that skipbench calibrate made, or one of {}",
                   PublishedNames());
    });
    return options;
  }();
  return table;
}

}  // namespace

std::unique_ptr<Method> MakeMagCache(const MagCacheOptions& options, const std::filesystem::path& folder) {
  Table().Validate(options);
  return std::make_unique<MagCache>(options, FindRatios(options, folder));
}

MethodType MagCacheType() {
  return DeclareMethod(
      "the blocks are not run while an error measured beforehand stays small: the same path for every sample", Table(),
      MakeMagCache);
}

}  // namespace skipbench
