#include "harness/store/schema.h"

#include <algorithm>
#include <limits>
#include <set>

#include "harness/base/json.h"

namespace skipbench {
namespace {

constexpr const char* kFormat = "skipbench results";

std::string Dump(const Json& json) {
  return WithNamedNumbers(json).dump(-1, ' ', false, Json::error_handler_t::replace);
}

Json ParseAttribute(const hdf5::Object& object, const std::string& name) {
  return ParseJson(object.Attribute<std::string>(name), object.Where() + ": attribute " + name);
}

int ReadInt(const hdf5::Object& object, const std::string& name, int64_t min, int64_t max) {
  const int64_t value = object.Attribute<int64_t>(name);
  if (value < min || value > max)
    Fail("{}: the attribute {} is {}, expected [{}, {}]", object.Where(), name, value, min, max);
  return static_cast<int>(value);
}

constexpr int64_t kMaxCount = 1'000'000;  // of steps, calls, settings, shards: anything beyond is damage

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
  return {reader.String("name"), reader.String("axis"),
          reader.OneOf("predicts", "above", {"above", "below"}) == "above", reader.StringOr("option", "")};
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

Json InputsToJson(const std::map<std::string, InputFile>& inputs) {
  Json json = Json::object();
  for (const auto& [part, input] : inputs) json[part] = {{"file", input.file}, {"sha256", input.sha256}};
  return json;
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

// Which of the files that decide is another one. The model's weights count by the hash of all of them: they may have
// other names.
std::string InputDifference(const RunHeader& there, const RunHeader& here) {
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
        "skipbench "
        "was at work, so nothing shows that they are the same; begin the run anew",
        there.inputs.empty() ? "there" : "here");
  for (const auto* inputs : {&there.inputs, &here.inputs})
    for (const auto& [part, input] : *inputs) {
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
  root.SetAttribute("inputs", Dump(InputsToJson(header.inputs)));
  root.SetAttribute("path_keys", header.path_keys);
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
    Fail("{}: not a result of skipbench (the attributes format and schema_version of the root are missing)",
         root.Where());
  const int64_t version = root.Attribute<int64_t>("schema_version");
  if (version > kSchemaVersion)
    Fail(
        "{}: its schema_version is {}; this program reads up to {}: a newer skipbench made it and is needed to read it",
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
  if (root.HasAttribute("inputs")) header.inputs = ReadInputs(root);
  if (root.HasAttribute("path_keys")) header.path_keys = root.AttributeList<std::string>("path_keys");
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
  const Json known = EnvironmentsOf({})[0];
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

}  // namespace skipbench
