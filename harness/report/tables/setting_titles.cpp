#include "harness/report/tables/setting_titles.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "harness/report/tables/escape.h"

namespace skipbench {
namespace {

// Methods as their papers write them.
std::string MethodTitle(const std::string& type) {
  static const std::map<std::string, std::string> titles = {
      {"full_step", "full steps"}, {"fewer_steps", "fewer steps"},      {"adaptive_diffusion", "AdaptiveDiffusion"},
      {"deepcache", "DeepCache"},  {"greedy_search", "searched paths"}, {"difference_order", "differences"},
      {"fixed_path", "fixed path"}};
  const auto found = titles.find(type);
  return found == titles.end() ? type : found->second;
}

std::string ParameterText(const std::string& key, const Json& value) {
  const std::string text = value.is_string() ? value.get<std::string>() : value.dump();
  if (key == "delta") return "δ=" + text;
  if (key == "max_skips") return "Cmax=" + text;
  if (key == "interval") return "N=" + text;
  if (key == "steps") return text + " steps";
  return key + "=" + text;
}

// Parameters of settings of one type: which keys vary, and how.
struct Variation {
  std::vector<std::string> numbers, words;  // keys with numbers only, other keys
};

Json Parameter(const SettingInfo& setting, const std::string& key) {
  const auto found = setting.parameters.find(key);
  return found == setting.parameters.end() ? Json(nullptr) : *found;
}

Variation VariationOf(const RunHeader& header, const std::vector<size_t>& settings) {
  std::set<std::string> keys;
  for (const size_t k : settings)
    for (const auto& [key, value] : header.settings[k].parameters.items()) keys.insert(key);
  keys.erase("type");
  Variation variation;
  for (const auto& key : keys) {
    const Json first = Parameter(header.settings[settings[0]], key);
    bool varies = false, numbers = true;
    for (const size_t k : settings) {
      const Json value = Parameter(header.settings[k], key);
      varies |= value != first;
      numbers &= value.is_number() || value.is_null();  // null: the default
    }
    if (varies) (numbers ? variation.numbers : variation.words).push_back(key);
  }
  // An id tells settings apart that differ in something else already.
  if (variation.numbers.size() + variation.words.size() > 1) std::erase(variation.words, "id");
  // What is alone has nothing that varies; it still has the number that its method is known by.
  if (settings.size() == 1) {
    const SettingInfo& setting = header.settings[settings[0]];
    std::set<std::string> known = {"delta", "interval", "steps"};
    if (setting.criterion) known.insert(setting.criterion->option);
    for (const auto& key : known)
      if (Parameter(setting, key).is_number()) variation.numbers.push_back(key);
  }
  return variation;
}

std::string TextOf(const SettingInfo& setting, const std::vector<std::string>& keys) {
  std::vector<std::string> texts;
  for (const auto& key : keys)
    if (const Json value = Parameter(setting, key); !value.is_null()) texts.push_back(ParameterText(key, value));
  return Shortened(fmt::format("{}", fmt::join(texts, ", ")), 40);
}

void NameSettings(const RunHeader& header, SettingGroup& group) {
  std::map<std::string, std::vector<size_t>> of_type;
  for (const auto& one : group.settings) of_type[header.settings[one.index].type].push_back(one.index);
  std::map<std::string, Variation> variations;
  for (const auto& [type, settings] : of_type) variations[type] = VariationOf(header, settings);
  std::map<std::string, int> count;
  for (auto& one : group.settings) {
    const SettingInfo& setting = header.settings[one.index];
    const Variation& variation = variations[setting.type];
    if (static_cast<int>(one.index) == group.reference) {
      one.name = MethodTitle(setting.type);
      continue;
    }
    std::string series = MethodTitle(setting.type);
    if (const auto words = TextOf(setting, variation.words); !words.empty()) series += " (" + words + ")";
    one.point = TextOf(setting, variation.numbers);
    auto found = std::find(group.series.begin(), group.series.end(), series);
    if (found == group.series.end()) {
      found = group.series.insert(group.series.end(), series);
      group.one_parameter.push_back(variation.numbers.size() == 1);
    }
    one.series = static_cast<int>(found - group.series.begin());
    one.name = one.point.empty() ? series : setting.type == "fewer_steps" ? one.point : series + " " + one.point;
    ++count[one.name];
  }
  for (auto& one : group.settings)
    if (one.series >= 0 && count[one.name] > 1) one.name = one.point = header.settings[one.index].label;
}

// What the references differ in.
std::vector<std::string> Titles(const RunHeader& header, const std::vector<int>& references) {
  const auto parts_of = [&](const SettingInfo& setting) -> std::array<std::string, 3> {
    return {setting.scheduler.empty() ? header.scheduler : setting.scheduler, fmt::format("{} steps", setting.steps),
            fmt::format("guidance {}", setting.guidance)};
  };
  std::array<std::set<std::string>, 3> seen;
  for (const int r : references)
    for (size_t i = 0; r >= 0 && i < seen.size(); ++i) seen[i].insert(parts_of(header.settings[r])[i]);
  std::vector<std::string> titles;
  std::map<std::string, int> count;
  for (const int r : references) {
    std::vector<std::string> parts;
    for (size_t i = 0; r >= 0 && i < seen.size(); ++i)
      if (seen[i].size() > 1) parts.push_back(parts_of(header.settings[r])[i]);
    titles.push_back(r < 0 ? "without a reference" : fmt::format("{}", fmt::join(parts, ", ")));
    ++count[titles.back()];
  }
  // Schedulers of one type with other options have only their labels.
  for (size_t i = 0; i < titles.size(); ++i)
    if (references[i] >= 0 && (titles[i].empty() || count[titles[i]] > 1))
      titles[i] = header.settings[references[i]].label;
  return titles;
}

}  // namespace

std::vector<SettingGroup> GroupSettings(const RunHeader& header) {
  std::vector<int> references;
  std::vector<SettingGroup> groups;
  for (size_t k = 0; k < header.settings.size(); ++k) {
    const int reference = ReferenceOf(header.settings, k);
    const auto found = std::find(references.begin(), references.end(), reference);
    const auto place = static_cast<size_t>(found - references.begin());
    if (found == references.end()) {
      references.push_back(reference);
      groups.emplace_back().reference = reference;
      groups.back().calls = header.settings[reference >= 0 ? static_cast<size_t>(reference) : k].calls;
    }
    groups[place].settings.push_back({k, -1, "", ""});
  }
  const auto titles = Titles(header, references);
  for (size_t g = 0; g < groups.size(); ++g) {
    if (groups.size() > 1) {
      groups[g].title = titles[g];
      groups[g].id = fmt::format("_g{}", g + 1);
    }
    NameSettings(header, groups[g]);
  }
  return groups;
}

}  // namespace skipbench
