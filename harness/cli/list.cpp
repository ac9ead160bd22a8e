#include <algorithm>

#include "datasets/catalog.h"
#include "harness/base/did_you_mean.h"
#include "harness/base/error.h"
#include "harness/cli/commands.h"
#include "harness/experiment/config/config_options.h"
#include "harness/schedulers/catalog.h"
#include "methods/catalog.h"
#include "metrics/catalog.h"
#include "metrics/official_weights.h"

namespace skipbench::cli {

namespace po = boost::program_options;

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

void ListMethods() {
  for (const auto& method : MethodTypes()) {
    fmt::print("{}: {}\n", method.name, method.summary);
    PrintOptions(method.options, "    ");
  }
}

void ListDatasets() {
  for (const auto& type : DatasetTypes()) {
    fmt::print("{}: {}\n", type.name, type.summary);
    PrintOptions(type.options, "    ");
  }
}

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
      "given is taken from the model's "
      "scheduler_config.json, then from here.\n");
}

// One line each, columns between tabs: scripts/convert/all_metric_weights.py reads them.
void ListWeights() {
  for (const auto& one : OfficialMetricWeights())
    fmt::print("{}\t{}\t{}\t{}\t{}\n", one.target, one.file, one.bytes, one.sha256, one.source);
}

}  // namespace

int List(const std::vector<std::string>& args) {
  po::options_description options("options");
  options.add_options()("input", po::value<std::vector<std::string>>(),
                        "methods, metrics, weights (of metrics: file, published file, bytes, SHA-256, source), "
                        "datasets, schedulers or config");
  const auto values = Parse("list", "list methods|metrics|weights|datasets|schedulers|config", options, args);
  const auto what =
      values.contains("input") ? values["input"].as<std::vector<std::string>>() : std::vector<std::string>{};
  if (what.size() != 1) Fail("skipbench list: expected one of methods, metrics, weights, datasets, schedulers, config");
  if (what[0] == "methods")
    ListMethods();
  else if (what[0] == "metrics")
    ListMetrics();
  else if (what[0] == "weights")
    ListWeights();
  else if (what[0] == "datasets")
    ListDatasets();
  else if (what[0] == "schedulers")
    ListSchedulers();
  else if (what[0] == "config")
    PrintOptions(ConfigTable().List(), "");
  else
    Fail("skipbench list: expected one of methods, metrics, weights, datasets, schedulers, config; found \"{}\"{}",
         what[0], DidYouMean(what[0], {"methods", "metrics", "weights", "datasets", "schedulers", "config"}));
  return 0;
}

}  // namespace skipbench::cli
