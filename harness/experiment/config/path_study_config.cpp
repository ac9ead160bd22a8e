#include "harness/experiment/config/path_study_config.h"

#include <algorithm>

#include "harness/experiment/config/sweep.h"
#include "methods/catalog.h"
#include "methods/greedy_search/greedy_search.h"

namespace skipbench {
namespace {

// Ranking asks for criterion / threshold, which does not depend on the threshold's factor. It takes one that never
// skips, where predicting is above the threshold as small as may be.
constexpr double kSmallest = 1e-12;

// The option that a ranked estimate sets, with that value.
std::pair<std::string, double> RankingThreshold(const MethodType& type, const JsonReader& given) {
  const OptionSpec* option = ThresholdOption(type);
  if (!option)
    given.FailAt(
        "type",
        fmt::format("{} cannot be a ranked estimate: none of its options is the threshold of a criterion", type.name));
  if (given.json().contains(option->name))
    given.FailAt(option->name, "a ranked estimate has none: the number of skips takes its place");
  Json method = given.json();
  method[option->name] = option->max;
  for (Json& variant :
       ExpandSweeps(method, ListOptions(type.options), fmt::format("{}: {}", given.file(), given.path()))) {
    const JsonReader options(variant, given.file(), given.path());
    options.Ignore("type");
    const auto criterion = type.make(options)->criterion();
    if (!criterion)
      given.FailAt("type", fmt::format("{} cannot be a ranked estimate: it declares no criterion", type.name));
    if (criterion->predicts == Criterion::Predicts::kBelow) return {option->name, option->max.get<double>()};
  }
  return {option->name, std::max(option->min.get<double>(), kSmallest)};
}

std::string LabelOf(const Json& method, const std::string& threshold) {
  std::string options;
  for (const auto& [key, value] : method.items())
    if (key != "type" && key != threshold)
      options += fmt::format("{}{}={}", options.empty() ? "" : ",", key,
                             value.is_string() ? value.get<std::string>() : value.dump());
  return method.at("type").get<std::string>() + (options.empty() ? "" : "(" + options + ")");
}

PathEstimator ReadEstimator(const JsonReader& reader) {
  PathEstimator estimator;
  estimator.ranked = reader.OneOf("use", "ranked", {"ranked", "thresholded"}) == "ranked";
  const JsonReader given = reader.Object("method");
  Json method = given.json();
  const MethodType& type =
      FindMethodType(given.String("type"), fmt::format("{}: {}", given.file(), given.PathOf("type")));
  estimator.label = reader.StringOr("name", LabelOf(method, ThresholdOption(type) ? ThresholdOption(type)->name : ""));
  reader.RejectUnknownKeys();
  if (estimator.ranked) {
    const auto [option, value] = RankingThreshold(type, given);
    method[option] = value;
  }
  const auto variants =
      ExpandSweeps(method, ListOptions(type.options), fmt::format("{}: {}", given.file(), given.path()));
  if (estimator.ranked && variants.size() > 1) given.FailAt("type", "a ranked estimate takes one value of each option");
  for (const auto& variant : variants) {
    const JsonReader options(variant, given.file(), given.path());
    options.Ignore("type");
    std::shared_ptr<const Method> made = type.make(options);
    if (dynamic_cast<const LatePathMethod*>(made.get()) || made->DecisionScope() == Scope::kGroup ||
        made->Plan({50}) != Schedule{50})
      given.FailAt(
          "type",
          fmt::format("{} cannot be an estimate: it must decide for each sample alone, online, on the run's own steps",
                      made->Label()));
    estimator.methods.push_back(std::move(made));
  }
  return estimator;
}

}  // namespace

const OptionTable<PathStudyConfig>& PathStudyTable() {
  using Study = PathStudyConfig;
  struct Estimator {};
  static const OptionTable<Study> table(
      "path_study",
      {Field("skips", &Study::skips).Min(1).Max(10000).Required().Help("compared for 1 to that many skips"),
       Field("samples", &Study::samples).Min(0).Help("the first that many are searched; 0: all"),
       Field<Study>::ReadElsewhere("search", PathSearchTable()).Help("how"),
       Field<Study>::ReadElsewhere(
           "estimators",
           OptionTable<Estimator>(
               "estimator",
               {Field<Estimator>::ReadElsewhere("method", "{\"type\": ..., options}")
                    .Required()
                    .Help("whose criterion estimates"),
                Field<Estimator>::ReadElsewhere("use", "ranked | thresholded")
                    .Default("ranked")
                    .Help("skip where criterion / threshold is smallest on the full-step trajectory, or run the method "
                          "with each of several thresholds"),
                Field<Estimator>::ReadElsewhere("name", "text").Default("made of the method").Help("label")}))
           .Required()
           .Allowed("list of objects"),
       Field("random_paths", &Study::random_paths).Min(0).Max(10000).Help("of each number of skips and sample"),
       Field("seed", &Study::seed).Help("of the random paths and of the permutations"),
       Field("permutations", &Study::permutations).Min(1).Max(10'000'000).Help("of each test")});
  return table;
}

PathStudyConfig ReadPathStudy(const JsonReader& reader) {
  PathStudyConfig study = PathStudyTable().Read(reader);
  PathSearchOptions options;
  if (const auto search = reader.ObjectIf("search")) {
    options = PathSearchTable().Read(*search);
    if (options.shared) search->FailAt("scope", "the study compares each sample's own path");
  }
  study.search = MakePathSearch(options);
  study.first = options.first;
  study.last = options.last;
  for (const auto& estimator : reader.Objects("estimators")) study.estimators.push_back(ReadEstimator(estimator));
  return study;
}

}  // namespace skipbench
