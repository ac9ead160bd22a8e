#include "harness/report/tables/compare_text.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <set>
#include <sstream>

#include "harness/analysis/compare_sets.h"
#include "harness/analysis/decide/record.h"
#include "harness/analysis/short_labels.h"
#include "harness/base/did_you_mean.h"
#include "harness/cli/commands.h"
#include "harness/cli/open_results.h"
#include "metrics/catalog.h"

namespace skipbench::cli {

namespace {

// "lpips_alex=0.01".
void ReadLimit(const std::string& text, std::map<std::string, double>& limits) {
  const size_t equals = text.rfind('=');  // names of features' files may hold one
  double limit = 0;
  const char* end = text.data() + text.size();
  const bool number = equals != std::string::npos && equals > 0 &&
                      std::from_chars(text.data() + equals + 1, end, limit).ptr == end && equals + 1 < text.size();
  if (!number || !(limit >= 0)) Fail("--max-worse {}: expected METRIC=LIMIT with a limit of at least 0", text);
  limits[text.substr(0, equals)] = limit;
}

double AtLeast(const Values& values, const char* name, double min) {
  const double value = values.Get<double>(name);
  if (!(value >= min)) Fail("--{}: expected a number of at least {}, found {}", name, min, value);
  return value;
}

// "dtype,steps", as often as it is given.
std::set<std::string> ReadAllowed(const Texts& given) {
  std::set<std::string> kinds;
  for (const auto& list : given) {
    std::istringstream in(list);
    for (std::string kind; std::getline(in, kind, ',');) {
      if (std::ranges::find(AllowanceKinds(), kind) == AllowanceKinds().end())
        Fail("skipbench compare: --allow: expected some of {}, found \"{}\"{}", fmt::join(AllowanceKinds(), ","), kind,
             DidYouMean(kind, AllowanceKinds()));
      kinds.insert(kind);
    }
  }
  return kinds;
}

// "OLD=NEW" of labels, which hold that sign themselves: split where both sides are labels.
std::map<std::string, std::string> ReadRenamed(const Texts& given, const ResultReader& base, const ResultReader& now) {
  const auto labels = [](const ResultReader& result) {
    Texts labels;
    for (const auto& setting : result.header().settings) labels.push_back(setting.label);
    return labels;
  };
  const Texts before = labels(base), after = labels(now);
  // As it stands in the result, from what may be its short form; empty: there is none, or several.
  const auto label_of = [](const ResultReader& result, const Texts& labels, const std::string& text) -> std::string {
    if (std::ranges::find(labels, text) != labels.end()) return text;
    const auto found = WithShortLabel(result.header(), text);
    return found.size() == 1 ? labels[found[0]] : "";
  };
  std::map<std::string, std::string> renamed;
  for (const auto& text : given) {
    bool found = false;
    std::string half;  // an OLD that BASE has, where NEW lacks the other side
    for (size_t at = text.find('='); at != std::string::npos && !found; at = text.find('=', at + 1)) {
      const std::string old = label_of(base, before, text.substr(0, at)), given_name = text.substr(at + 1);
      if (old.empty()) continue;
      half = given_name;
      const std::string name = label_of(now, after, given_name);
      found = !name.empty();
      if (found && !renamed.emplace(old, name).second) Fail("skipbench compare: --map: {} is given twice", old);
    }
    if (!found && !half.empty())
      Fail("skipbench compare: --map {}: NEW has no setting {}; it has\n  {}{}", text, half, fmt::join(after, "\n  "),
           DidYouMean(half, after));
    if (!found)
      Fail("skipbench compare: --map {}: expected OLD=NEW with the label of a setting of BASE, which has\n  {}", text,
           fmt::join(before, "\n  "));
  }
  return renamed;
}

CompareOptions ReadOptions(const Values& values) {
  CompareOptions options;
  for (const auto& text : values.All("max-worse")) ReadLimit(text, options.limits);
  if (values.Has("max-psnr-drop")) options.limits["psnr"] = AtLeast(values, "max-psnr-drop", 0);
  if (values.Has("max-ssim-drop")) options.limits["ssim"] = AtLeast(values, "max-ssim-drop", 0);
  if (values.Has("max-slowdown")) options.max_slowdown = AtLeast(values, "max-slowdown", 1);
  if (values.Has("max-cost-rise")) options.max_cost_rise = AtLeast(values, "max-cost-rise", 0);
  if (values.Has("min-agreement")) options.min_agreement_db = AtLeast(values, "min-agreement", 0);
  options.allowances.kinds = ReadAllowed(values.All("allow"));
  options.level = values.Get<double>("level");
  if (!(options.level > 0 && options.level < 1))
    Fail("--level: expected a number between 0 and 1, found {}", options.level);
  return options;
}

Option Shards(const char* name, const char* help) {
  return {name, boost::program_options::value<Texts>()->multitoken(), help};
}

// What --max-worse is, with the limits that metrics declare.
std::string LimitsHelp() {
  std::string limits;
  for (const auto& entry : MetricCatalog())
    if (entry.sample)
      for (const auto& column : entry.sample->columns)
        if (column.limit) limits += fmt::format("{} {}, ", column.name, *column.limit);
  return "METRIC=LIMIT: how much worse a metric may get, by its name in the results (default: " + limits +
         "others 2 % of BASE's mean). A metric of whole sets: fd_fashion=2, or \"fd_fashion (reference)=0.1\" for one "
         "of its two columns (default: the standard error of BASE's value, at least 2 % of it)";
}

// Limits for metrics that nobody measured are a mistake in the command.
void RequireKnownMetrics(const CompareOptions& options, const ResultReader& base) {
  Texts names;
  const auto add = [&](const std::string& name) {
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  };
  for (size_t k = 0; k < base.header().settings.size(); ++k)
    for (const auto& metric : base.Metrics(k)) add(metric.name);
  for (const auto& name : SetMetricNames(base)) add(name);
  for (const auto& [metric, limit] : options.limits) {
    std::string name = metric;
    for (const std::string against : {" (data)", " (reference)"})
      if (name.ends_with(against)) name.resize(name.size() - against.size());
    if (std::find(names.begin(), names.end(), name) == names.end())
      Fail("skipbench compare: a limit is given for {}, which BASE has not measured; it has: {}{}", metric,
           fmt::join(names, ", "), DidYouMean(metric, names));
  }
}

}  // namespace

int Compare(const Texts& args) {
  const CompareOptions defaults;
  const Values values = Parse(
      "compare",
      "compare BASE NEW [--max-psnr-drop DB] [--max-slowdown RATIO] [--map OLD=NEW] [--allow KIND,...] [options]",
      {Input("BASE and NEW: folders (finished or not) or results.h5 files"),
       Shards("base", "BASE, when it is several shards"), Shards("new", "NEW, when it is several shards"),
       Optional<double>("max-psnr-drop", "dB that the PSNR may fall (default 0.5)"),
       Optional<double>("max-ssim-drop", "that the SSIM may fall (default 0.005)"), Repeated("max-worse", LimitsHelp()),
       Optional<double>("max-cost-rise", "fraction by which evaluations and multiply-accumulates may rise (default 0)"),
       Optional<double>("max-slowdown", "ratio by which latency may rise, e.g. 1.2 (default: latency does not count)"),
       Optional<double>("min-agreement",
                        "dB of PSNR between the thumbnails of BASE's and NEW's full runs, at least (default 40)"),
       Repeated("map", "OLD=NEW: the setting that is called OLD in BASE is NEW in NEW; once for each"),
       Repeated("allow",
                "dtype, model, guidance, steps (separated by commas): may differ; the differences are noted, pictures "
                "compared, and what follows from them (other costs, other pictures of the full run) shown, not judged"),
       Default<double>("level", defaults.level, "of the confidence intervals"),
       Flag("sequential",
            "bounds that hold at every number of samples and for all settings together: for a NEW that is looked at "
            "while it grows; taken by itself where a result stopped when it had its answer"),
       Default<std::string>("format,f", "markdown", "for people, for programs, or for CI servers")
           .Of({"markdown", "json", "junit"}),
       Unchecked()},
      args);
  Texts base = values.All("base"), now = values.All("new");
  for (const auto& path : values.All("input")) {
    Texts& side = base.empty() ? base : now;
    if (!side.empty())
      Fail("skipbench compare: expected BASE and NEW; of several shards give each side by --base and --new");
    side.push_back(path);
  }
  if (base.empty() || now.empty()) Fail("skipbench compare: expected two results, BASE and NEW");
  CompareOptions limits = ReadOptions(values);
  const std::string format = values.Choice("format", {"markdown", "json", "junit"});
  const ResultReader before = OpenResults(base, values), after = OpenResults(now, values);
  RequireKnownMetrics(limits, before);
  limits.allowances.renamed = ReadRenamed(values.All("map"), before, after);
  limits.sequential = values.IsSet("sequential") || DecisionsOf(before) || DecisionsOf(after);
  const Comparison comparison = skipbench::Compare(
      before, after, limits, limits.sequential ? ComparedSets{} : SetsToCompare(before, after, limits.allowances));
  fmt::print("{}", format == "json"    ? RenderJson(comparison)
                   : format == "junit" ? RenderJunit(comparison)
                                       : RenderMarkdown(comparison, limits));
  return ExitCode(comparison.verdict);
}

}  // namespace skipbench::cli
