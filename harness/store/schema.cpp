#include "harness/store/schema.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "harness/base/json.h"
#include "harness/store/common_difference.h"
#include "harness/store/record_io.h"

namespace skipbench {
namespace {

constexpr const char* kFormat = "skipbench results";

template <class Io, class Info>
void FieldsOfSetting(Io& io, Info& info) {
  io.Attribute("label", info.label);
  io.Attribute("type", info.type);
  io.Attribute("parameters", info.parameters);
  io.Attribute("steps", info.steps);
  io.Attribute("calls", info.calls);
  io.Attribute("scope", info.scope);
  io.Attribute("scheduler", info.scheduler);
  io.Attribute("guidance", info.guidance);
  io.Attribute("reference", info.reference);
  io.Attribute("compared_with", info.compared_with, -1);
  io.Dataset("timesteps", info.timesteps, "call");
}

template <class Io, class Header>
void FieldsOfHeader(Io& io, Header& header) {
  io.Attribute("name", header.name);
  io.Attribute("config", header.config);
  io.Attribute("expanded_config", header.expanded_config);
  io.Attribute("execution_keys", header.execution_keys);
  io.Attribute("model", header.model);
  io.Attribute("model_hash", header.model_hash);
  io.Attribute("scheduler", header.scheduler);
  io.Attribute("steps", header.steps);
  io.Attribute("guidance", header.guidance);
  io.Attribute("seed", header.seed);
  io.Attribute("sample_count", header.sample_count);
  io.Attribute("shard_count", header.shard.count, 1);
  io.Attribute("shard_index", header.shard.index, 0, header.shard.count - 1);
  io.Attribute("device", header.device);
  io.Attribute("dtype", header.dtype);
  io.Attribute("threads", header.threads);
  io.Attribute("skipbench_version", header.skipbench_version);
  io.Attribute("libtorch_version", header.libtorch_version);
  io.Attribute("git_revision", header.git_revision);
  io.Attribute("git_dirty", header.git_dirty);
}

void WriteSetting(hdf5::Group& settings, size_t index, const SettingInfo& info) {
  hdf5::Group group = settings.CreateGroup(std::to_string(index));
  GroupWriter writer(group);
  FieldsOfSetting(writer, info);
  if (const auto& criterion = info.criterion)
    writer.Attribute("criterion", Json{{"name", criterion->name},
                                       {"axis", criterion->axis},
                                       {"predicts", criterion->predicts_above ? "above" : "below"},
                                       {"option", criterion->option}});
}

SettingInfo ReadSetting(const hdf5::Group& group) {
  SettingInfo info;
  GroupReader fields(group);
  FieldsOfSetting(fields, info);
  if (!group.HasAttribute("criterion")) return info;
  const Json json = ParseAttribute(group, "criterion");
  const JsonReader reader(json, group.Where(), "criterion");
  info.criterion = {reader.String("name"), reader.String("axis"),
                    reader.OneOf("predicts", "above", {"above", "below"}) == "above", reader.StringOr("option", "")};
  return info;
}

std::map<std::string, InputFile> ReadInputs(const hdf5::Group& root) {
  const Json json = ParseAttribute(root, "inputs");
  const JsonReader reader(json, root.Where(), "inputs");
  std::map<std::string, InputFile> inputs;
  for (const auto& [part, value] : json.items()) {
    const JsonReader input = reader.Object(part);
    inputs[part] = {input.String("file"), input.String("sha256")};
  }
  return inputs;
}

void EraseAt(const std::string& pointer, Json* json) {
  const Json::json_pointer place(pointer);
  if (!json->contains(place)) return;
  Json& parent = (*json)[place.parent_pointer()];
  if (parent.is_object()) parent.erase(place.back());
}

// Paths count by what was read from them, if both runs recorded that.
bool ByContent(const RunHeader& a, const RunHeader& b) { return !a.inputs.empty() && !b.inputs.empty(); }

Json WhatIsComputed(const RunHeader& header, const RunHeader& other) {
  Json config = header.expanded_config;
  if (!config.is_object()) return config;
  for (const auto* keys : {&header.execution_keys, &other.execution_keys})
    for (const auto& key : *keys) config.erase(key);
  if (ByContent(header, other))
    for (const auto* keys : {&header.path_keys, &other.path_keys})
      for (const auto& key : *keys) EraseAt(key, &config);
  return config;
}

Json Identity(const RunHeader& header, size_t k, const RunHeader& other) {
  const SettingInfo& info = header.settings[k];
  Json json = {{"label", info.label},           {"type", info.type},
               {"parameters", info.parameters}, {"steps", info.steps},
               {"calls", info.calls},           {"timesteps", info.timesteps},
               {"scheduler", info.scheduler},   {"guidance", info.guidance},
               {"reference", info.reference},   {"compared_with", info.compared_with}};
  // "/settings/3/parameters/from" of the expanded config is this setting's "/parameters/from".
  const std::string place = fmt::format("/settings/{}/", k);
  if (ByContent(header, other))
    for (const auto* keys : {&header.path_keys, &other.path_keys})
      for (const auto& key : *keys)
        if (key.starts_with(place)) EraseAt(key.substr(place.size() - 1), &json);
  return json;
}

// Of inputs: whether every setting of every sample depends on it.
bool IsCommon(const std::string& part) { return part.starts_with("model.") || part.starts_with("noise."); }

// Which of the files that decide is another one (`common`: for everything). The model's weights count by the hash of
// all of them: they may have other names.
std::string InputDifference(const RunHeader& there, const RunHeader& here, bool common = false) {
  const auto shown = [](const std::string& hash) { return hash.empty() ? std::string("absent") : hash; };
  for (const auto* files : {&there.model_files, &here.model_files})
    for (const auto& [file, ignored] : *files) {
      const auto hash = [&file = file](const RunHeader& header) {  // a structured binding is not captured by clang 14
        const auto found = header.model_files.find(file);
        return found == header.model_files.end() ? std::string() : found->second;
      };
      const bool renamed = there.model_hash == here.model_hash && (hash(there).empty() || hash(here).empty());
      if (hash(there) != hash(here) && !renamed)
        return fmt::format("SHA-256 of the model's file {}: {} there, {} here", file, shown(hash(there)),
                           shown(hash(here)));
    }
  if (there.model_hash != here.model_hash)
    return fmt::format("model hash: {} there, {} here", there.model_hash, here.model_hash);
  if (there.inputs.empty() != here.inputs.empty())
    return fmt::format(
        "the SHA-256 of configs, tokenizer, data and whatever else the run reads: not recorded {0}, where an earlier "
        "skipbench was at work, so nothing shows that they are the same; begin the run anew",
        there.inputs.empty() ? "there" : "here");
  for (const auto* inputs : {&there.inputs, &here.inputs})
    for (const auto& [part, input] : *inputs) {
      if (common && !IsCommon(part)) continue;
      const auto hash = [&part = part](const RunHeader& header) {
        const auto found = header.inputs.find(part);
        return found == header.inputs.end() ? std::string() : found->second.sha256;
      };
      if (hash(there) != hash(here))
        return fmt::format("{} ({}): SHA-256 {} there, {} here", part, input.file, shown(hash(there)),
                           shown(hash(here)));
    }
  return "";
}

}  // namespace

std::string JsonDifference(const Json& there, const Json& here, const std::string& path) {
  if (there.is_object() && here.is_object()) {
    std::set<std::string> keys;
    for (const auto& [key, value] : there.items()) keys.insert(key);
    for (const auto& [key, value] : here.items()) keys.insert(key);
    for (const auto& key : keys) {
      const std::string place = path.empty() ? key : path + "." + key;
      if (!there.contains(key)) return fmt::format("{}: absent there, {} here", place, Describe(here[key]));
      if (!here.contains(key)) return fmt::format("{}: {} there, absent here", place, Describe(there[key]));
      if (auto found = JsonDifference(there[key], here[key], place); !found.empty()) return found;
    }
    return "";
  }
  if (there.is_array() && here.is_array() && there.size() == here.size()) {
    for (size_t i = 0; i < there.size(); ++i)
      if (auto found = JsonDifference(there[i], here[i], fmt::format("{}[{}]", path, i)); !found.empty()) return found;
    return "";
  }
  if (there == here) return "";
  return fmt::format("{}: {} there, {} here", path, Describe(there), Describe(here));
}

std::vector<Json> EnvironmentsOf(const RunHeader& header) {
  Json one = {{"device", header.device},
              {"threads", header.threads},
              {"skipbench_version", header.skipbench_version},
              {"libtorch_version", header.libtorch_version},
              {"git_revision", header.git_revision},
              {"git_dirty", header.git_dirty}};
  if (!header.processor.empty()) one["processor"] = header.processor;
  return {std::move(one)};
}

void MergeEnvironments(std::vector<Json>& list, const std::vector<Json>& more) {
  for (const auto& one : more)
    if (std::find(list.begin(), list.end(), one) == list.end()) list.push_back(one);
}

std::string DescribeBuilds(const std::vector<Json>& environments) {
  std::vector<std::string> builds;
  for (const auto& one : environments) {
    const std::string revision = one.value("git_revision", "");
    std::string build = one.value("skipbench_version", "?");
    if (!revision.empty())
      build += fmt::format(" ({}{})", revision.substr(0, 12), one.value("git_dirty", false) ? ", modified" : "");
    if (std::find(builds.begin(), builds.end(), build) == builds.end()) builds.push_back(std::move(build));
  }
  return builds.empty() ? "skipbench ?" : fmt::format("skipbench {}", fmt::join(builds, " and "));
}

void WriteHeader(hdf5::Group& root, const RunHeader& header, const std::vector<Json>& environments) {
  root.SetAttribute("format", std::string(kFormat));
  root.SetAttribute("schema_version", kSchemaVersion);
  root.SetAttribute("hdf5_version", hdf5::LibraryVersion());
  GroupWriter writer(root);
  FieldsOfHeader(writer, header);
  writer.Attribute("model_files", Json(header.model_files));
  Json inputs = Json::object();
  for (const auto& [part, input] : header.inputs) inputs[part] = {{"file", input.file}, {"sha256", input.sha256}};
  writer.Attribute("inputs", inputs);
  writer.Attribute("path_keys", header.path_keys);
  writer.Attribute("environments", Json(environments));
  writer.Attribute("processor", header.processor);
  hdf5::Group settings = root.CreateGroup("settings");
  for (size_t i = 0; i < header.settings.size(); ++i) WriteSetting(settings, i, header.settings[i]);
}

RunHeader ReadHeader(const hdf5::Group& root) {
  if (root.AttributeOr("format", "") != kFormat || !root.HasAttribute("schema_version"))
    Fail("{}: not a result of skipbench (the attributes format and schema_version of the root are missing)",
         root.Where());
  const int64_t version = root.Attribute<int64_t>("schema_version");
  if (version > kSchemaVersion)
    Fail(
        "{}: its schema_version is {}; this program reads up to {}: a newer skipbench made it and is needed to read it",
        root.Where(), version, kSchemaVersion);
  if (version < 1) Fail("{}: its schema_version is {}, expected 1 to {}", root.Where(), version, kSchemaVersion);

  RunHeader header;
  GroupReader fields(root);
  FieldsOfHeader(fields, header);
  const Json files = ParseAttribute(root, "model_files");
  const JsonReader reader(files, root.Where(), "model_files");
  for (const auto& [path, hash] : files.items()) header.model_files[path] = reader.String(path);
  if (root.HasAttribute("inputs")) header.inputs = ReadInputs(root);
  if (root.HasAttribute("processor")) fields.Attribute("processor", header.processor);
  if (root.HasAttribute("path_keys")) fields.Attribute("path_keys", header.path_keys);
  const hdf5::Group settings = root.OpenGroup("settings");
  const size_t count = settings.Members().size();
  for (size_t i = 0; i < count; ++i) header.settings.push_back(ReadSetting(settings.OpenGroup(std::to_string(i))));
  for (const auto& setting : header.settings)
    if (setting.compared_with >= static_cast<int>(count))
      Fail("{}: {} is compared with setting {} of {}", settings.Where(), setting.label, setting.compared_with, count);
  return header;
}

std::vector<Json> ReadEnvironments(const hdf5::Group& root) {
  const Json list = ParseAttribute(root, "environments");
  if (!list.is_array()) Fail("{}: the attribute environments is not a list", root.Where());
  RunHeader any;
  any.processor = "?";
  const Json known = EnvironmentsOf(any)[0];
  for (const auto& one : list) {
    if (!one.is_object())
      Fail("{}: the attribute environments: expected objects, found {}", root.Where(), Describe(one));
    for (const auto& [key, value] : known.items())
      if (const auto found = one.find(key);
          found != one.end() && (found->is_number() ? !value.is_number() : found->type() != value.type()))
        Fail("{}: the attribute environments: {}: found {}", root.Where(), key, Describe(*found));
  }
  return {list.begin(), list.end()};
}

std::string FirstDifference(const RunHeader& there, const RunHeader& here, bool shards) {
  auto text = [](const char* what, const auto& a, const auto& b) {
    return fmt::format("{}: {} there, {} here", what, a, b);
  };
  const std::string inputs = InputDifference(there, here);
  if (auto found = JsonDifference(WhatIsComputed(there, here), WhatIsComputed(here, there), ""); !found.empty())
    return "config: " + found + (inputs.empty() ? "" : "; " + inputs);
  if (there.seed != here.seed) return text("seed", there.seed, here.seed);
  if (!ByContent(there, here) && there.model != here.model) return text("model", there.model, here.model);
  if (!inputs.empty()) return inputs;
  if (there.scheduler != here.scheduler) return text("scheduler", there.scheduler, here.scheduler);
  if (there.steps != here.steps) return text("steps", there.steps, here.steps);
  if (there.guidance != here.guidance) return text("guidance", there.guidance, here.guidance);
  if (there.dtype != here.dtype) return text("dtype", there.dtype, here.dtype);
  if (there.sample_count != here.sample_count) return text("number of samples", there.sample_count, here.sample_count);
  if (there.settings.size() != here.settings.size())
    return text("number of settings", there.settings.size(), here.settings.size());
  for (size_t i = 0; i < here.settings.size(); ++i)
    if (auto found = JsonDifference(Identity(there, i, here), Identity(here, i, there), ""); !found.empty())
      return fmt::format("setting {}: {}", i, found);
  if (!shards && (there.shard.index != here.shard.index || there.shard.count != here.shard.count))
    return fmt::format("shard: {}/{} there, {}/{} here", there.shard.index, there.shard.count, here.shard.index,
                       here.shard.count);
  return "";
}

std::string FirstCommonDifference(const RunHeader& there, const RunHeader& here, const std::set<std::string>& aside) {
  const std::string inputs = InputDifference(there, here, /*common=*/true);
  Json before = WhatIsComputed(there, here), now = WhatIsComputed(here, there);
  for (Json* config : {&before, &now})
    for (const auto& key : aside)
      if (config->is_object()) config->erase(key);
  if (auto found = JsonDifference(before, now, ""); !found.empty())
    return "config: " + found + (inputs.empty() ? "" : "; " + inputs);
  if (there.seed != here.seed) return fmt::format("seed: {} there, {} here", there.seed, here.seed);
  if (there.dtype != here.dtype) return fmt::format("dtype: {} there, {} here", there.dtype, here.dtype);
  return inputs;
}

}  // namespace skipbench
