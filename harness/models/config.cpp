#include "harness/models/config.h"

#include <fmt/ranges.h>

#include <algorithm>

#include "harness/models/unused_keys.h"

namespace skipbench {

std::vector<int64_t> IntList(const JsonReader& json, const std::string& key, const std::vector<int64_t>& fallback,
                             int64_t min, int64_t max) {
  const Json* value = json.Find(key);
  if (!value || value->is_null()) return fallback;
  std::vector<int64_t> list = json.Ints(key);
  if (list.empty() || static_cast<int64_t>(list.size()) > kMaxLevels)
    json.FailAt(key, fmt::format("expected a list of 1 to {} integers, found {}", kMaxLevels, Describe(*value)));
  for (int64_t one : list)
    if (one < min || one > max) json.FailAt(key, fmt::format("expected integers in [{}, {}], found {}", min, max, one));
  return list;
}

std::vector<int64_t> PerLevel(const JsonReader& json, const std::string& key, int64_t fallback, int64_t levels,
                              int64_t min, int64_t max) {
  const Json* value = json.Find(key);
  if (!value || !value->is_array()) return std::vector<int64_t>(levels, json.IntOr(key, fallback, min, max));
  std::vector<int64_t> list = IntList(json, key, {}, min, max);
  if (static_cast<int64_t>(list.size()) != levels)
    json.FailAt(key, fmt::format("expected one value for each of the {} levels, found {}", levels, Describe(*value)));
  return list;
}

std::vector<bool> BoolPerLevel(const JsonReader& json, const std::string& key, bool fallback, int64_t levels) {
  const Json* value = json.Find(key);
  if (!value || !value->is_array()) return std::vector<bool>(levels, json.BoolOr(key, fallback));
  std::vector<bool> list;
  for (const Json& one : *value) {
    if (!one.is_boolean())
      json.FailAt(key, fmt::format("expected a list of true and false, found {}", Describe(*value)));
    list.push_back(one.get<bool>());
  }
  if (static_cast<int64_t>(list.size()) != levels)
    json.FailAt(key, fmt::format("expected one value for each of the {} levels, found {}", levels, Describe(*value)));
  return list;
}

std::vector<std::string> StringList(const JsonReader& json, const std::string& key,
                                    const std::vector<std::string>& fallback) {
  const Json* value = json.Find(key);
  return !value || value->is_null() ? fallback : json.Strings(key);
}

std::vector<bool> BlockTypes(const JsonReader& json, const std::string& key, const std::vector<std::string>& fallback,
                             const std::string& plain, const std::string& other, size_t levels) {
  const std::vector<std::string> types = StringList(json, key, fallback);
  if (types.size() != levels)
    json.FailAt(key, fmt::format("expected one block type for each of the {} levels, found {}", levels, types.size()));
  std::vector<bool> result;
  for (const std::string& type : types) {
    if (type != plain && type != other)
      FailUnsupported("{}: {}: block type \"{}\" is not supported (only \"{}\", \"{}\")", json.file(), json.PathOf(key),
                      type, plain, other);
    result.push_back(type == other);
  }
  return result;
}

std::optional<int64_t> IntOrNull(const JsonReader& json, const std::string& key, std::optional<int64_t> fallback,
                                 int64_t min, int64_t max) {
  const Json* value = json.Find(key);
  if (!value) return fallback;
  if (value->is_null()) return std::nullopt;
  return json.Int(key, min, max);
}

int64_t SampleSize(const JsonReader& json) {
  const Json* value = json.Find("sample_size");
  if (value && value->is_array()) return IntList(json, "sample_size", {}, 1, kMaxChannels)[0];
  return json.IntOr("sample_size", 0, 1, kMaxChannels);
}

void FailUnsupportedValue(const JsonReader& json, const std::string& key, const std::string& supported) {
  const Json* value = json.Find(key);
  FailUnsupported("{}: {}: {} is not supported (only {})", json.file(), json.PathOf(key),
                  value ? Describe(*value) : "nothing", supported);
}

void Only(const JsonReader& json, const std::string& key, const std::vector<Json>& allowed) {
  const Json* value = json.Find(key);
  if (!value || value->is_null() || std::find(allowed.begin(), allowed.end(), *value) != allowed.end()) return;
  std::vector<std::string> texts;
  for (const Json& one : allowed) texts.push_back(Describe(one));
  FailUnsupportedValue(json, key, texts.empty() ? "null" : fmt::format("{}", fmt::join(texts, ", ")));
}

void CheckClassName(const JsonReader& json, const std::vector<std::string>& expected) {
  const std::string name = json.StringOr("_class_name", expected[0]);
  if (std::find(expected.begin(), expected.end(), name) == expected.end())
    json.FailAt("_class_name", fmt::format("expected \"{}\", found \"{}\"", fmt::join(expected, "\" or \""), name));
}

void IgnoreTheRest(const JsonReader& json, const std::vector<std::string>& keys) {
  for (const std::string& key : keys) json.Ignore(key);
  for (const auto& [key, value] : json.json().items())
    if (ChangesNothing(key, value)) json.Ignore(key);
  json.RejectUnknownKeys();
}

}  // namespace skipbench
