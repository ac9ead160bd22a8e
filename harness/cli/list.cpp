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

Json OptionsJson(const std::vector<OptionSpec>& options) {
  Json list = Json::array();
  for (const auto& option : options) {
    Json json = {{"name", option.name}, {"allowed", option.Allowed()}, {"required", option.required}};
    json["default"] = option.fallback.empty() ? Json() : Json(option.fallback);
    json["help"] = option.help;
    if (!option.min.is_null()) json["min"] = option.min;
    if (!option.max.is_null()) json["max"] = option.max;
    if (!option.choices.empty()) json["choices"] = option.choices;
    list.push_back(std::move(json));
  }
  return list;
}

// What is listed, once for people and once for programs.
struct Listing {
  void (*print)();
  Json (*json)();
};

template <class Types>
void PrintTypes(const Types& types) {
  for (const auto& type : types) {
    fmt::print("{}: {}\n", type.name, type.summary);
    PrintOptions(type.options, "    ");
  }
}
template <class Types>
Json TypesJson(const Types& types) {
  Json list = Json::array();
  for (const auto& type : types)
    list.push_back({{"name", type.name}, {"summary", type.summary}, {"options", OptionsJson(type.options)}});
  return list;
}

void PrintMetrics() {
  for (const auto& metric : MetricCatalog())
    if (!metric.summary.empty()) fmt::print("{:<16} {}\n", metric.name, metric.summary);
}
Json MetricsJson() {
  Json list = Json::array();
  for (const auto& metric : MetricCatalog())
    if (!metric.summary.empty()) list.push_back({{"name", metric.name}, {"summary", metric.summary}});
  return list;
}

// Those that users give.
std::vector<OptionSpec> OptionsOf(const SchedulerType& type) {
  std::vector<OptionSpec> options = type.options;
  std::erase_if(options, [](const OptionSpec& option) { return option.from_file; });
  return options;
}

void PrintSchedulers() {
  for (const auto& type : SchedulerTypes()) {
    fmt::print("{}: {}{}\n", type.name, type.summary, type.class_name.empty() ? "" : "; diffusers' " + type.class_name);
    PrintOptions(OptionsOf(type), "    ");
  }
  fmt::print(
      "Options are diffusers' constructor arguments, e.g. {{\"type\": \"ddim\", \"clip_sample\": false}}; what is not "
      "given is taken from the model's scheduler_config.json, then from here.\n");
}
Json SchedulersJson() {
  Json list = Json::array();
  for (const auto& type : SchedulerTypes())
    list.push_back({{"name", type.name},
                    {"summary", type.summary},
                    {"class_name", type.class_name},
                    {"options", OptionsJson(OptionsOf(type))}});
  return list;
}

// One line each, columns between tabs: scripts/convert/all_metric_weights.py reads them.
void PrintWeights() {
  for (const auto& one : OfficialMetricWeights())
    fmt::print("{}\t{}\t{}\t{}\t{}\n", one.target, one.file, one.bytes, one.sha256, one.source);
}
Json WeightsJson() {
  Json list = Json::array();
  for (const auto& one : OfficialMetricWeights())
    list.push_back({{"file", one.target},
                    {"published_file", one.file},
                    {"bytes", one.bytes},
                    {"sha256", one.sha256},
                    {"source", one.source}});
  return list;
}

const std::map<std::string, Listing>& Listings() {
  static const std::map<std::string, Listing> listings = {
      {"methods", {[] { PrintTypes(MethodTypes()); }, [] { return TypesJson(MethodTypes()); }}},
      {"metrics", {PrintMetrics, MetricsJson}},
      {"weights", {PrintWeights, WeightsJson}},
      {"datasets", {[] { PrintTypes(DatasetTypes()); }, [] { return TypesJson(DatasetTypes()); }}},
      {"schedulers", {PrintSchedulers, SchedulersJson}},
      {"config", {[] { PrintOptions(ConfigTable().List(), ""); }, [] { return OptionsJson(ConfigTable().List()); }}}};
  return listings;
}

}  // namespace

int List(const Texts& args) {
  const Texts names = {"methods", "metrics", "weights", "datasets", "schedulers", "config"};
  const Values values =
      Parse("list", "list methods|metrics|weights|datasets|schedulers|config [--format text|json]",
            {Input("methods, metrics, weights (of metrics: file, published file, bytes, SHA-256, source), datasets, "
                   "schedulers or config")
                 .Of(names),
             Default<std::string>("format,f", "text", "for people or for programs").Of({"text", "json"})},
            args);
  const Texts what = values.All("input");
  const char* expected = "skipbench list: expected one of methods, metrics, weights, datasets, schedulers, config";
  if (what.size() != 1) Fail("{}", expected);
  const auto found = Listings().find(what[0]);
  if (found == Listings().end()) Fail("{}; found \"{}\"{}", expected, what[0], DidYouMean(what[0], names));
  if (values.Choice("format", {"text", "json"}) == "json")
    fmt::print("{}\n", found->second.json().dump(2, ' ', false, Json::error_handler_t::replace));
  else
    found->second.print();
  return 0;
}

}  // namespace skipbench::cli
