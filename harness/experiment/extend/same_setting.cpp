#include "harness/experiment/extend/same_setting.h"

#include <algorithm>
#include <set>

#include "harness/store/common_difference.h"
#include "harness/store/scheduler_options.h"

namespace skipbench {
namespace {

// The SHA-256 of the paths that a setting replays; "": it replays none.
std::string HashOfPaths(const RunHeader& header, const SettingInfo& setting) {
  const auto found = header.inputs.find("paths of " + setting.label);
  return found == header.inputs.end() ? "" : found->second.sha256;
}

Json Identity(const RunHeader& header, size_t k) {
  Json identity = WhatItComputes(header, k);
  const int reference = ReferenceOf(header.settings, k);
  if (reference >= 0 && reference != static_cast<int>(k))
    identity["its full run"] = WhatItComputes(header, static_cast<size_t>(reference));
  return identity;
}

// "lpips" of "weights of lpips, 2".
std::string MetricOf(const std::string& part) {
  static const std::string kPrefix = "weights of ";
  return part.starts_with(kPrefix) ? part.substr(kPrefix.size(), part.rfind(", ") - kPrefix.size()) : "";
}

std::set<std::string> WeightsOf(const RunHeader& header, const std::string& metric) {
  std::set<std::string> hashes;
  for (const auto& [part, input] : header.inputs)
    if (MetricOf(part) == metric) hashes.insert(input.sha256);
  return hashes;
}

}  // namespace

Json WhatItComputes(const RunHeader& header, size_t k) {
  const SettingInfo& info = header.settings[k];
  Json parameters = info.parameters;
  const std::string paths = HashOfPaths(header, info);
  if (parameters.is_object()) {
    parameters.erase("id");
    if (!paths.empty()) parameters.erase("from");  // counts by its content
  }
  const Json options = OptionsOf(header, k);
  Json values = Json::object();
  for (const auto& [key, option] : options.items()) values[key] = ValueOf(options, key);
  return {{"type", info.type},
          {"parameters", parameters},
          {"SHA-256 of its paths", paths},
          {"steps", info.steps},
          {"calls", info.calls},
          {"timesteps", info.timesteps},
          {"scheduler", info.scheduler},
          {"options of the scheduler", values},
          {"guidance", info.guidance},
          {"reference", info.reference},
          {"scope", info.scope}};
}

Json WhatAllDependOn(const RunHeader& header) {
  Json config = header.expanded_config;
  for (const auto& key : header.execution_keys) config.erase(key);
  for (const auto& key : KeysAside(header)) config.erase(key);
  for (const auto& pointer : header.path_keys)  // they count by their content
    if (pointer.find('/', 1) == std::string::npos) config.erase(pointer.substr(1));
  for (const char* path : {"path", "step_noise"})
    if (config.contains("noise") && config["noise"].is_object()) config["noise"].erase(path);
  Json inputs = Json::object();
  for (const auto& [part, input] : header.inputs)
    if (part.starts_with("model.") || part.starts_with("noise.")) inputs[part] = input.sha256;
  return {{"config", config},
          {"inputs", inputs},
          {"model", header.model_files},
          {"seed", header.seed},
          {"dtype", header.dtype}};
}

std::set<std::string> KeysAside(const RunHeader& header) {
  std::set<std::string> keys = {
      "methods", "settings", "steps",  "guidance",   "scheduler",  "model_scheduler",  "data",
      "metrics", "save",     "traces", "group_size", "path_study", "metric_reference", "metric_reference_options"};
  if (SharesNoise(header)) keys.erase("group_size");  // it says who draws the same
  return keys;
}

std::string SettingDifference(const RunHeader& there, size_t k, const RunHeader& here, size_t j) {
  const Json before = Identity(there, k), now = Identity(here, j);
  for (const char* key : {"type", "parameters", "scheduler", "steps", "guidance"})  // what others follow from
    if (auto found = JsonDifference(before[key], now[key], key); !found.empty()) return found;
  return JsonDifference(before, now, "");
}

int FindSame(const RunHeader& there, const RunHeader& here, size_t j, std::string* why) {
  for (size_t k = 0; k < there.settings.size(); ++k) {
    const std::string difference = SettingDifference(there, k, here, j);
    if (difference.empty()) return static_cast<int>(k);
    if (why->empty() && there.settings[k].type == here.settings[j].type)
      *why = fmt::format("setting {}: {}", here.settings[j].label, difference);
  }
  if (why->empty()) *why = fmt::format("setting {}: absent there", here.settings[j].label);
  return -1;
}

bool SameWeights(const RunHeader& there, const RunHeader& here, const std::string& name) {
  const auto now = WeightsOf(here, name), before = WeightsOf(there, name);
  if (!before.empty() || now.empty()) return now == before;
  // Several metrics share a network.
  std::set<std::string> all;
  for (const auto& [part, input] : there.inputs)
    if (!MetricOf(part).empty()) all.insert(input.sha256);
  return std::ranges::includes(all, now);
}

}  // namespace skipbench
