#include "harness/experiment/config/sweep.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <boost/algorithm/string/classification.hpp>
#include <boost/algorithm/string/split.hpp>

#include "harness/base/did_you_mean.h"
#include "harness/experiment/config/config_options.h"

namespace skipbench {

namespace {

constexpr size_t kMaxCombinations = 10000;

// Whether a list is one of lists, or of what stands for them.
bool HoldsLists(const Json& list, bool named) {
  if (list.empty()) return false;
  if (!named) return list[0].is_array();
  return std::ranges::all_of(list, [](const Json& one) { return one.is_array() || one.is_string(); });
}

}  // namespace

ListKeys ListOptions(const std::vector<OptionSpec>& options) {
  ListKeys lists;
  for (const auto& option : options)
    if (option.list) lists[option.name] = option.one_or_more && option.kind == OptionKind::kOther;
  return lists;
}

std::vector<Json> ExpandSweeps(const Json& object, const ListKeys& lists, const std::string& where) {
  std::vector<Json> variants = {Json::object()};
  for (const auto& [key, value] : object.items()) {
    const auto list = lists.find(key);
    const bool swept = value.is_array() && (list == lists.end() || HoldsLists(value, list->second));
    if (swept && value.empty()) Fail("{}.{}: an empty list; give at least one value", where, key);
    // Before they are made: the lists of a short file can multiply to more than any memory holds.
    const size_t values = swept ? value.size() : 1;
    if (values > kMaxCombinations / variants.size())
      Fail("{}: the sweep has more than {} combinations of values", where, kMaxCombinations);
    std::vector<Json> grown;
    for (const auto& variant : variants) {
      for (size_t i = 0; i < values; ++i) {
        Json next = variant;
        next[key] = swept ? value[i] : value;
        grown.push_back(std::move(next));
      }
    }
    variants = std::move(grown);
  }
  return variants;
}

namespace {

// Whether the value at `path`, which holds `now`, is one text, whatever stands in it.
bool IsText(const std::string& path, const Json& now) {
  if (path.starts_with("data.")) return now.is_string();
  for (const auto& key : ConfigTable().List())
    if (key.name == path) return key.kind == OptionKind::kText && !key.list && key.choices.empty();
  return false;
}

// The parts of a text, also empty ones.
std::vector<std::string> SplitAt(const std::string& text, const char* separator) {
  std::vector<std::string> parts;
  return boost::split(parts, text, boost::is_any_of(separator));
}

Json ParseWord(const std::string& text) {
  try {
    return ParseJson(text, "--set");
  } catch (const Error&) {
    return text;  // not JSON: a plain word
  }
}

// "0.005,0.01" -> two values; "[1,2]", "{...}" and quoted strings are one.
Json ParseValues(const std::string& text, const std::string& assignment) {
  if (!text.empty() && (text[0] == '[' || text[0] == '{' || text[0] == '"'))
    return ParseJson(text, "--set " + assignment);
  Json values = Json::array();
  for (const auto& word : SplitAt(text, ",")) values.push_back(ParseWord(word));
  return values.size() == 1 ? values[0] : values;
}

// The value for the key at `path`, which holds `now`.
Json ValueFor(const std::string& path, const Json& now, const std::string& text, const std::string& assignment) {
  if (IsText(path, now) && text != "null" && !text.starts_with('"') && !text.starts_with('{')) return text;
  Json value = ParseValues(text, assignment);
  // What the data have a list of is no sweep, so that one value is a list of one.
  if (path.starts_with("data.") && now.is_array() && !value.is_array() && !value.is_null()) return Json::array({value});
  return value;
}

// "ddim" is short for {"type": "ddim"}.
void SpellOut(Json* entry) {
  if (entry->is_string()) *entry = Json{{"type", *entry}};
}

// The entry of a list named `name`: by id, else by type, else by index.
Json* EntryOf(Json* list, const std::string& name, const std::string& assignment) {
  std::vector<Json*> found;
  std::vector<std::string> known;
  for (auto& entry : *list) SpellOut(&entry);
  for (const char* key : {"id", "type"}) {
    for (auto& entry : *list) {
      if (!entry.is_object() || !entry.contains(key) || !entry[key].is_string()) continue;
      known.push_back(entry[key].get<std::string>());
      if (entry[key] == name) found.push_back(&entry);
    }
    if (!found.empty()) break;
  }
  if (found.size() > 1)
    Fail("--set {}: {} entries are called {}; tell them apart by an \"id\"", assignment, found.size(), name);
  const bool is_index = std::all_of(name.begin(), name.end(), [](unsigned char c) { return std::isdigit(c); });
  if (found.empty() && is_index && name.size() < 7 && std::stoul(name) < list->size())
    found.push_back(&(*list)[std::stoul(name)]);
  if (found.empty())
    Fail("--set {}: no entry is called {}; there are: {}{}", assignment, name, fmt::join(known, ", "),
         DidYouMean(name, known));
  return found[0];
}

}  // namespace

void ApplySet(Json* config, const std::string& assignment) {
  const size_t equals = assignment.find('=');
  if (equals == std::string::npos || equals == 0) Fail("--set {}: expected PATH=VALUE[,VALUE...]", assignment);
  const std::string path = assignment.substr(0, equals);
  const auto parts = SplitAt(path, ".");
  if (std::find(parts.begin(), parts.end(), "") != parts.end()) Fail("--set {}: an empty name in the path", assignment);
  Json* place = config;
  for (size_t i = 0; i < parts.size(); ++i) {
    if (i == 1 && parts[0] == "scheduler") SpellOut(place);
    if (place->is_array()) {
      place = EntryOf(place, parts[i], assignment);
    } else if (place->is_object() || place->is_null()) {
      place = &(*place)[parts[i]];
    } else {
      Fail("--set {}: {} is {}, which has no keys", assignment, i ? parts[i - 1] : "the config", Describe(*place));
    }
  }
  *place = ValueFor(path, *place, assignment.substr(equals + 1), assignment);
}

}  // namespace skipbench
