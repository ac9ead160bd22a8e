#include "harness/analysis/short_labels.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>

namespace skipbench {
namespace {

std::string TagOf(const std::string& label) {
  const size_t begin = label.rfind(" [");
  return begin == std::string::npos || !label.ends_with(']') ? "" : label.substr(begin);
}

// "deepcache(interval=2,branch=0)" in its parts: "interval=2", "branch=0"; nothing where the label is no such list.
std::vector<std::string> PartsOf(const std::string& label, const std::string& type) {
  if (!label.starts_with(type + "(") || !label.ends_with(')')) return {};
  const std::string list = label.substr(type.size() + 1, label.size() - type.size() - 2);
  std::vector<std::string> parts(1);
  int depth = 0;
  for (const char c : list) {
    depth += c == '(' || c == '[' ? 1 : c == ')' || c == ']' ? -1 : 0;
    if (c == ',' && depth == 0)
      parts.emplace_back();
    else
      parts.back() += c;
  }
  return parts;
}

std::string TitleOf(const RunHeader& header, int reference, bool guidance) {
  const SettingInfo& setting = header.settings[static_cast<size_t>(reference)];
  std::string title =
      fmt::format("{}, {} steps", setting.scheduler.empty() ? header.scheduler : setting.scheduler, setting.steps);
  if (guidance) title += fmt::format(", guidance {}", setting.guidance);
  return title;
}

// The names, or the values, of "delta=0.01", ...
std::vector<std::string> Halves(const std::vector<std::string>& parts, bool names) {
  std::vector<std::string> halves;
  for (const auto& part : parts) {
    const size_t sign = part.find('=');
    halves.push_back(names ? part.substr(0, sign) : sign == std::string::npos ? part : part.substr(sign + 1));
  }
  return halves;
}

std::string Joined(const std::string& type, const std::vector<std::string>& parts) {
  return parts.empty() ? type : fmt::format("{}({})", type, fmt::join(parts, ","));
}

// What the labels of these settings end with: " [ddim]"; empty where they end otherwise.
std::string CommonTag(const RunHeader& header, std::span<const size_t> settings) {
  std::set<std::string> tags;
  for (const size_t k : settings) tags.insert(TagOf(header.settings[k].label));
  return tags.size() == 1 ? *tags.begin() : "";
}

}  // namespace

SettingLabels ShortLabels(const RunHeader& header, std::span<const size_t> settings) {
  const std::string tag = CommonTag(header, settings);
  const auto bare = [&](size_t k) {
    const std::string& label = header.settings[k].label;
    return label.substr(0, label.size() - tag.size());
  };
  std::map<std::string, std::map<std::string, size_t>> count;  // by type: how many settings have a part
  std::map<std::string, size_t> of_type;
  for (const size_t k : settings) {
    const std::string& type = header.settings[k].type;
    const auto parts = PartsOf(bare(k), type);
    if (parts.empty()) continue;
    ++of_type[type];
    for (const auto& part : parts) ++count[type][part];
  }
  SettingLabels short_labels;
  for (const size_t k : settings) {
    const std::string& type = header.settings[k].type;
    std::vector<std::string> parts = PartsOf(bare(k), type);
    if (of_type[type] > 1) std::erase_if(parts, [&](const auto& part) { return count[type][part] == of_type[type]; });
    const bool listed = !PartsOf(bare(k), type).empty();
    short_labels.labels.push_back(listed ? Joined(type, parts) : bare(k));
    short_labels.values.push_back(listed ? Joined(type, Halves(parts, false)) : bare(k));
    if (const std::string names = Joined(type, Halves(parts, true));
        listed && !parts.empty() && std::ranges::find(short_labels.legend, names) == short_labels.legend.end())
      short_labels.legend.push_back(names);
  }
  const std::vector<std::string> unique = short_labels.labels;
  for (size_t i = 0; i < settings.size(); ++i)
    if (std::ranges::count(unique, unique[i]) > 1) short_labels.labels[i] = bare(settings[i]);
  if (std::set(short_labels.values.begin(), short_labels.values.end()).size() < settings.size()) {
    short_labels.values = short_labels.labels;
    short_labels.legend.clear();
  }
  return short_labels;
}

std::string RunTitle(const RunHeader& header, int reference) {
  std::set<int> references;
  for (size_t k = 0; k < header.settings.size(); ++k) references.insert(ReferenceOf(header.settings, k));
  references.erase(-1);
  for (const bool guidance : {false, true}) {
    const std::string title = TitleOf(header, reference, guidance);
    if (std::ranges::count_if(references, [&](int other) { return TitleOf(header, other, guidance) == title; }) == 1)
      return title;
  }
  const SettingInfo& full = header.settings[static_cast<size_t>(reference)];
  const std::string tag = TagOf(full.label);
  if (tag.empty()) return full.label;
  const std::string title = tag.substr(2, tag.size() - 3);
  return title.find("steps") == std::string::npos ? fmt::format("{}, {} steps", title, full.steps) : title;
}

std::vector<size_t> WithShortLabel(const RunHeader& header, const std::string& text) {
  std::map<int, std::vector<size_t>> groups;  // by their full run, which is one of them
  for (size_t k = 0; k < header.settings.size(); ++k) groups[ReferenceOf(header.settings, k)].push_back(k);
  std::vector<size_t> found;
  for (const auto& [reference, settings] : groups) {
    const SettingLabels labels = ShortLabels(header, settings);
    for (size_t i = 0; i < settings.size(); ++i)
      if (labels.labels[i] == text || labels.values[i] == text) found.push_back(settings[i]);
  }
  return found;
}

}  // namespace skipbench
