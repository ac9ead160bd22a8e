#include <algorithm>
#include <map>

#include "datasets/catalog.h"
#include "harness/base/did_you_mean.h"
#include "harness/cli/commands.h"
#include "harness/experiment/config/config_options.h"
#include "harness/schedulers/catalog.h"
#include "methods/catalog.h"
#include "metrics/catalog.h"
#include "metrics/official_weights.h"

namespace skipbench::cli {

namespace {

// What there is to know of options, one line each.
void PrintOptions(const std::vector<OptionSpec>& options, const char* indent) {
  size_t width = 10;
  for (const auto& option : options) width = std::max(width, option.name.size());
  for (const auto& option : options) {
    const std::string fallback = option.required           ? " (required)"
                                 : option.fallback.empty() ? ""
                                                           : " (default " + option.fallback + ")";
    fmt::print("{}{:<{}} {}{}{}\n", indent, option.name, width, option.Allowed(), fallback,
               option.help.empty() ? "" : ". " + option.help);
  }
}

template <class Types>
void ListTypes(const Types& types) {
  for (const auto& type : types) {
    fmt::print("{}: {}\n", type.name, type.summary);
    PrintOptions(type.options, "    ");
  }
}
void ListMethods() { ListTypes(MethodTypes()); }
void ListDatasets() { ListTypes(DatasetTypes()); }

void ListMetrics() {
  for (const auto& metric : MetricCatalog())
    if (!metric.summary.empty()) fmt::print("{:<16} {}\n", metric.name, metric.summary);
}

void ListSchedulers() {
  for (const auto& type : SchedulerTypes()) {
    fmt::print("{}: {}{}\n", type.name, type.summary, type.class_name.empty() ? "" : "; diffusers' " + type.class_name);
    std::vector<OptionSpec> options = type.options;
    std::erase_if(options, [](const OptionSpec& option) { return option.from_file; });
    PrintOptions(options, "    ");
  }
  fmt::print(
      "Options are diffusers' constructor arguments, e.g. {{\"type\": \"ddim\", \"clip_sample\": false}}; what is not "
      "given is taken from the model's scheduler_config.json, then from here.\n");
}

void ListConfig() { PrintOptions(ConfigTable().List(), ""); }

// One line each, columns between tabs: scripts/convert/all_metric_weights.py reads them.
void ListWeights() {
  for (const auto& one : OfficialMetricWeights())
    fmt::print("{}\t{}\t{}\t{}\t{}\n", one.target, one.file, one.bytes, one.sha256, one.source);
}

}  // namespace

int List(const Texts& args) {
  static const std::map<std::string, void (*)()> lists = {{"methods", ListMethods},       {"metrics", ListMetrics},
                                                          {"weights", ListWeights},       {"datasets", ListDatasets},
                                                          {"schedulers", ListSchedulers}, {"config", ListConfig}};
  const Values values = Parse("list", "list methods|metrics|weights|datasets|schedulers|config",
                              {Input("methods, metrics, weights (of metrics: file, published file, bytes, SHA-256, "
                                     "source), datasets, schedulers or config")},
                              args);
  const Texts what = values.All("input");
  const char* expected = "skipbench list: expected one of methods, metrics, weights, datasets, schedulers, config";
  if (what.size() != 1) Fail("{}", expected);
  const auto list = lists.find(what[0]);
  if (list == lists.end())
    Fail("{}; found \"{}\"{}", expected, what[0],
         DidYouMean(what[0], {"methods", "metrics", "weights", "datasets", "schedulers", "config"}));
  list->second();
  return 0;
}

}  // namespace skipbench::cli
