#include "harness/store/schema.h"

#include <algorithm>
#include <limits>
#include <set>

#include "harness/base/json_numbers.h"

namespace skipbench {
namespace {

constexpr const char* kFormat = "skipbench results";

std::string Dump(const Json& json) { return WithNamedNumbers(json).dump(-1, ' ', false, Json::error_handler_t::replace); }

Json ParseAttribute(const hdf5::Object& object, const std::string& name) {
  return ParseJson(object.Attribute<std::string>(name), object.Where() + ": attribute " + name);
}

int ReadInt(const hdf5::Object& object, const std::string& name, int64_t min, int64_t max) {
  const int64_t value = object.Attribute<int64_t>(name);
  if (value < min || value > max)
    Fail("{}: the attribute {} is {}, expected [{}, {}]", object.Where(), name, value, min, max);
  return static_cast<int>(value);
}

constexpr int64_t kMaxCount = 1'000'000;   // of steps, calls, settings, shards: anything beyond is damage

void WriteSetting(hdf5::Group& settings, size_t index, const SettingInfo& info) {
  hdf5::Group group = settings.CreateGroup(std::to_string(index));
  group.SetAttribute("label", info.label);
  group.SetAttribute("type", info.type);
  group.SetAttribute("parameters", Dump(info.parameters));
  group.SetAttribute("steps", int64_t{info.steps});
  group.SetAttribute("calls", int64_t{info.calls});
  group.SetAttribute("scope", info.scope);
  group.SetAttribute("scheduler", info.scheduler);
  group.SetAttribute("guidance", info.guidance);
  group.SetAttribute("reference", int64_t{info.reference});
  group.SetAttribute("compared_with", int64_t{info.compared_with});
  if (info.criterion)
    group.SetAttribute("criterion", Dump({{"name", info.criterion->name},
                                          {"axis", info.criterion->axis},
                                          {"predicts", info.criterion->predicts_above ? "above" : "below"},
                                          {"option", info.criterion->option}}));
  group.Write("timesteps", info.timesteps, {static_cast<int64_t>(info.timesteps.size())}, {"call"});
}

CriterionInfo ReadCriterion(const hdf5::Group& group) {
  const Json json = ParseAttribute(group, "criterion");
  const JsonReader reader(json, group.Where(), "criterion");
  return {reader.String("name"), reader.String("axis"), reader.OneOf("predicts", "above", {"above", "below"}) == "above", reader.StringOr("option", "")};
}

SettingInfo ReadSetting(const hdf5::Group& group) {
  SettingInfo info;
  info.label = group.Attribute<std::string>("label");
  info.type = group.Attribute<std::string>("type");
  info.parameters = ParseAttribute(group, "parameters");
  info.steps = ReadInt(group, "steps", 0, kMaxCount);
  info.calls = ReadInt(group, "calls", 0, kMaxCount);
  info.scope = group.Attribute<std::string>("scope");
  info.scheduler = group.Attribute<std::string>("scheduler");
  info.guidance = group.Attribute<double>("guidance");
  info.reference = ReadInt(group, "reference", 0, 1) == 1;
  info.compared_with = ReadInt(group, "compared_with", -1, kMaxCount);
  if (group.HasAttribute("criterion")) info.criterion = ReadCriterion(group);
  info.timesteps = group.Read<double>("timesteps");
  return info;
}

// "methods[2].delta: 0.01 there, 0.02 here" for the first place where two values differ, in the order of the keys.
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

Json WhatIsComputed(const RunHeader& header, const RunHeader& other) {
  Json config = header.expanded_config;
  if (config.is_object())
    for (const auto* keys : {&header.execution_keys, &other.execution_keys})
      for (const auto& key : *keys) config.erase(key);
  return config;
}

Json Identity(const SettingInfo& info) {
  return {{"label", info.label},   {"type", info.type},   {"parameters", info.parameters},
          {"steps", info.steps},   {"calls", info.calls}, {"timesteps", info.timesteps},
          {"scheduler", info.scheduler}, {"guidance", info.guidance}, {"reference", info.reference},
          {"compared_with", info.compared_with}};
}

}  // namespace

std::vector<Json> EnvironmentsOf(const RunHeader& header) {
  return {Json{{"device", header.device},
               {"threads", header.threads},
               {"skipbench_version", header.skipbench_version},
               {"libtorch_version", header.libtorch_version},
               {"git_revision", header.git_revision},
               {"git_dirty", header.git_dirty}}};
}

void MergeEnvironments(std::vector<Json>& list, const std::vector<Json>& more) {
  for (const auto& one : more)
    if (std::find(list.begin(), list.end(), one) == list.end()) list.push_back(one);
}

void WriteHeader(hdf5::Group& root, const RunHeader& header, const std::vector<Json>& environments) {
  root.SetAttribute("format", std::string(kFormat));
  root.SetAttribute("schema_version", kSchemaVersion);
  root.SetAttribute("name", header.name);
  root.SetAttribute("config", Dump(header.config));
  root.SetAttribute("expanded_config", Dump(header.expanded_config));
  root.SetAttribute("execution_keys", header.execution_keys);
  root.SetAttribute("model", header.model);
  root.SetAttribute("model_hash", header.model_hash);
  root.SetAttribute("model_files", Dump(Json(header.model_files)));
  root.SetAttribute("scheduler", header.scheduler);
  root.SetAttribute("steps", int64_t{header.steps});
  root.SetAttribute("guidance", header.guidance);
  root.SetAttribute("seed", header.seed);
  root.SetAttribute("sample_count", header.sample_count);
  root.SetAttribute("shard_index", int64_t{header.shard.index});
  root.SetAttribute("shard_count", int64_t{header.shard.count});
  root.SetAttribute("device", header.device);
  root.SetAttribute("dtype", header.dtype);
  root.SetAttribute("threads", int64_t{header.threads});
  root.SetAttribute("skipbench_version", header.skipbench_version);
  root.SetAttribute("libtorch_version", header.libtorch_version);
  root.SetAttribute("hdf5_version", hdf5::LibraryVersion());
  root.SetAttribute("git_revision", header.git_revision);
  root.SetAttribute("git_dirty", int64_t{header.git_dirty});
  root.SetAttribute("environments", Dump(Json(environments)));
  hdf5::Group settings = root.CreateGroup("settings");
  for (size_t i = 0; i < header.settings.size(); ++i) WriteSetting(settings, i, header.settings[i]);
}

RunHeader ReadHeader(const hdf5::Group& root) {
  if (root.AttributeOr("format", "") != kFormat || !root.HasAttribute("schema_version"))
    Fail("{}: not a result of skipbench (the attributes format and schema_version of the root are missing)", root.Where());
  const int64_t version = root.Attribute<int64_t>("schema_version");
  if (version > kSchemaVersion)
    Fail("{}: its schema_version is {}; this program reads up to {}: a newer skipbench made it and is needed to read it",
         root.Where(), version, kSchemaVersion);
  if (version < 1) Fail("{}: its schema_version is {}, expected 1 to {}", root.Where(), version, kSchemaVersion);

  RunHeader header;
  header.name = root.Attribute<std::string>("name");
  header.config = ParseAttribute(root, "config");
  header.expanded_config = ParseAttribute(root, "expanded_config");
  header.execution_keys = root.AttributeList<std::string>("execution_keys");
  header.model = root.Attribute<std::string>("model");
  header.model_hash = root.Attribute<std::string>("model_hash");
  const Json files = ParseAttribute(root, "model_files");
  const JsonReader reader(files, root.Where(), "model_files");
  for (const auto& [path, hash] : files.items()) header.model_files[path] = reader.String(path);
  header.scheduler = root.Attribute<std::string>("scheduler");
  header.steps = ReadInt(root, "steps", 0, kMaxCount);
  header.guidance = root.Attribute<double>("guidance");
  header.seed = root.Attribute<uint64_t>("seed");
  header.sample_count = root.Attribute<int64_t>("sample_count");
  header.shard.count = ReadInt(root, "shard_count", 1, kMaxCount);
  header.shard.index = ReadInt(root, "shard_index", 0, header.shard.count - 1);
  header.device = root.Attribute<std::string>("device");
  header.dtype = root.Attribute<std::string>("dtype");
  header.threads = ReadInt(root, "threads", 0, kMaxCount);
  header.skipbench_version = root.Attribute<std::string>("skipbench_version");
  header.libtorch_version = root.Attribute<std::string>("libtorch_version");
  header.git_revision = root.Attribute<std::string>("git_revision");
  header.git_dirty = ReadInt(root, "git_dirty", 0, 1) == 1;
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
  return {list.begin(), list.end()};
}

std::string FirstDifference(const RunHeader& there, const RunHeader& here, bool shards) {
  auto text = [](const char* what, const auto& a, const auto& b) { return fmt::format("{}: {} there, {} here", what, a, b); };
  if (auto found = JsonDifference(WhatIsComputed(there, here), WhatIsComputed(here, there), ""); !found.empty())
    return "config: " + found;
  if (there.seed != here.seed) return text("seed", there.seed, here.seed);
  if (there.model != here.model) return text("model", there.model, here.model);
  if (auto found = JsonDifference(there.model_files, here.model_files, ""); !found.empty())
    return "SHA-256 of the model's file " + found;
  if (there.model_hash != here.model_hash) return text("model hash", there.model_hash, here.model_hash);
  if (there.scheduler != here.scheduler) return text("scheduler", there.scheduler, here.scheduler);
  if (there.steps != here.steps) return text("steps", there.steps, here.steps);
  if (there.guidance != here.guidance) return text("guidance", there.guidance, here.guidance);
  if (there.dtype != here.dtype) return text("dtype", there.dtype, here.dtype);
  if (there.sample_count != here.sample_count) return text("number of samples", there.sample_count, here.sample_count);
  if (there.settings.size() != here.settings.size())
    return text("number of settings", there.settings.size(), here.settings.size());
  for (size_t i = 0; i < here.settings.size(); ++i)
    if (auto found = JsonDifference(Identity(there.settings[i]), Identity(here.settings[i]), ""); !found.empty())
      return fmt::format("setting {}: {}", i, found);
  if (!shards && (there.shard.index != here.shard.index || there.shard.count != here.shard.count))
    return fmt::format("shard: {}/{} there, {}/{} here", there.shard.index, there.shard.count, here.shard.index,
                       here.shard.count);
  return "";
}

}  // namespace skipbench
