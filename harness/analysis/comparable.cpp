#include "harness/analysis/comparable.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "harness/store/scheduler_options.h"

namespace skipbench {
namespace {

// "a there, b here" under a name, if they differ.
template <class T>
void Require(const char* what, const T& base, const T& now, std::vector<std::string>& reasons) {
  if (!(base == now)) reasons.push_back(fmt::format("other {}: {} in BASE, {} in NEW", what, base, now));
}

void RequireModel(const RunHeader& base, const RunHeader& now, std::vector<std::string>& reasons) {
  for (const auto& [file, hash] : base.model_files) {
    const auto found = now.model_files.find(file);
    if (found == now.model_files.end())
      reasons.push_back(fmt::format("other model: NEW's has no {}", file));
    else if (found->second != hash)
      reasons.push_back(fmt::format("other model: {} has the SHA-256 {}... in BASE, {}... in NEW", file,
                                    hash.substr(0, 12), found->second.substr(0, 12)));
  }
  if (reasons.empty() && base.model_hash != now.model_hash)
    reasons.push_back(fmt::format("other model: {} in BASE, {} in NEW", base.model_hash, now.model_hash));
}

// "steps: 50 in BASE, 25 in NEW; ..." for the keys of two objects whose values differ.
std::string Differences(const Json& base, const Json& now) {
  const auto text = [](const Json& object, const std::string& key) {
    return object.contains(key) ? object[key].dump() : "absent";
  };
  Json all = base;
  all.update(now);
  std::string differences;
  for (const auto& [key, value] : all.items())
    if (const std::string a = text(base, key), b = text(now, key); a != b)
      differences += fmt::format("{}{}: {} in BASE, {} in NEW", differences.empty() ? "" : "; ", key, a, b);
  return differences;
}

// The model's scheduler_config.json, but for the version that wrote it; results of early versions do not hold it.
void RequireModelScheduler(Json base, Json now, std::vector<std::string>& reasons) {
  if (!base.is_object() || !now.is_object()) return;
  for (Json* config : {&base, &now}) config->erase("_diffusers_version");
  if (const std::string differences = Differences(base, now); !differences.empty())
    reasons.push_back("other scheduler of the model: " + differences);
}

bool HasOptions(const RunHeader& header, size_t k) { return !OptionsOf(header, k).empty(); }

// Keys of the expanded config that change the pictures of every setting.
void RequireConfig(const RunHeader& base, const RunHeader& now, std::vector<std::string>& reasons,
                   std::vector<std::string>& of_model) {
  const auto value = [](const RunHeader& header, const char* key) {
    return header.expanded_config.is_object() && header.expanded_config.contains(key) ? header.expanded_config[key]
                                                                                      : Json();
  };
  const auto require = [&](const char* key, std::vector<std::string>& into) {
    if (value(base, key) != value(now, key)) Require(key, value(base, key).dump(), value(now, key).dump(), into);
  };
  for (const char* key : {"noise", "negative_prompt", "height", "width", "vae_tiling", "pixels"}) require(key, reasons);
  require("tokenizer", of_model);
  // Where both record which options were in force, those are compared setting by setting.
  bool recorded = true;
  for (const RunHeader* header : {&base, &now})
    for (size_t k = 0; k < header->settings.size(); ++k) recorded &= HasOptions(*header, k);
  if (!recorded) RequireModelScheduler(value(base, "model_scheduler"), value(now, "model_scheduler"), of_model);
  if (SharesNoise(now) ||
      std::any_of(base.settings.begin(), base.settings.end(), [](const auto& one) { return one.scope == "group"; }))
    require("group_size", reasons);
}

// What the k-th setting has to have in common with its counterpart: the options of the scheduler that are in force
// among it, wherever they come from, if both results record them; without what is allowed to differ.
Json Identity(const RunHeader& header, size_t k, bool with_options, const Allowances& allowances) {
  const SettingInfo& info = header.settings[k];
  Json parameters = info.parameters;
  if (parameters.is_object()) parameters.erase("id");
  Json identity = {{"type", info.type}, {"parameters", parameters}, {"scheduler", info.scheduler}};
  if (!allowances.Allow("steps")) identity["steps"] = info.steps;
  if (!allowances.Allow("guidance")) identity["guidance"] = info.guidance;
  const Json options = with_options ? OptionsOf(header, k) : Json::object();
  for (const auto& [key, option] : options.items())
    if (!allowances.Allow("model") || (option.is_object() && option.value("from", Json()) == "config"))
      identity["scheduler." + key] = ValueOf(options, key);
  return identity;
}

bool SameIdentity(const RunHeader& base, size_t k, const RunHeader& now, size_t j, const Allowances& allowances) {
  const bool with_options = HasOptions(base, k) && HasOptions(now, j);
  return Identity(base, k, with_options, allowances) == Identity(now, j, with_options, allowances);
}

// In words; where the options of one scheduler differ, with where they come from.
std::string DifferencesOf(const RunHeader& base, size_t k, const RunHeader& now, size_t j) {
  std::string text = Differences(Identity(base, k, false, {}), Identity(now, j, false, {}));
  const std::string& scheduler = base.settings[k].scheduler;
  if (scheduler != now.settings[j].scheduler || !HasOptions(base, k) || !HasOptions(now, j)) return text;
  const Json a = OptionsOf(base, k), b = OptionsOf(now, j);
  Json all = a;
  all.update(b);
  for (const auto& [key, option] : all.items()) {
    if (ValueOf(a, key) != ValueOf(b, key))
      text += fmt::format("{}{}: {} in BASE, {} in NEW", text.empty() ? "" : "; ", key,
                          DescribeOption(a, scheduler, key), DescribeOption(b, scheduler, key));
  }
  return text;
}

Counterpart FindSetting(const RunHeader& base, size_t k, const RunHeader& now, const Allowances& allowances) {
  const SettingInfo& setting = base.settings[k];
  // In results that do not record the scheduler's options, settings of one identity differ in these; their labels tell
  // them apart.
  int same = -1, candidates = 0, by_label = -1;
  for (size_t j = 0; j < now.settings.size(); ++j) {
    const bool label = now.settings[j].label == setting.label;
    if (label) by_label = static_cast<int>(j);
    if (!SameIdentity(base, k, now, j, allowances)) continue;
    if (label) return {static_cast<int>(j), ""};
    same = static_cast<int>(j);
    ++candidates;
  }
  if (candidates == 1) return {same, ""};
  if (by_label >= 0) return {-1, DifferencesOf(base, k, now, static_cast<size_t>(by_label))};
  return {-1, candidates > 1 ? "NEW has several settings like it, under other labels" : "NEW has no such setting"};
}

// The setting of NEW that BASE's was renamed to; -1: it was not.
int Renamed(const RunHeader& base, size_t k, const RunHeader& now, const Allowances& allowances) {
  const auto found = allowances.renamed.find(base.settings[k].label);
  if (found == allowances.renamed.end()) return -1;
  for (size_t j = 0; j < now.settings.size(); ++j)
    if (now.settings[j].label == found->second) return static_cast<int>(j);
  return -1;
}

}  // namespace

const std::vector<std::string>& AllowanceKinds() {
  static const std::vector<std::string> kinds = {"dtype", "model", "guidance", "steps"};
  return kinds;
}

std::vector<std::string> WhyNotComparable(const RunHeader& base, const RunHeader& now, const Allowances& allowances,
                                          std::vector<std::string>* allowed) {
  std::vector<std::string> reasons, of_model, of_dtype, ignored;
  RequireModel(base, now, of_model);
  Require("seed", base.seed, now.seed, reasons);
  Require("dtype", base.dtype, now.dtype, of_dtype);
  RequireConfig(base, now, reasons, of_model);
  const auto add = [&](const std::vector<std::string>& differences, const char* kind, bool first) {
    std::vector<std::string>& into = allowances.Allow(kind) ? (allowed ? *allowed : ignored) : reasons;
    into.insert(first ? into.begin() : into.end(), differences.begin(), differences.end());
  };
  add(of_dtype, "dtype", false);
  add(of_model, "model", true);
  return reasons;
}

std::vector<std::string> WhyNotComparable(const ResultReader& base, const ResultReader& now,
                                          const Allowances& allowances, std::vector<std::string>* allowed) {
  const RunHeader &a = base.header(), &b = now.header();
  std::vector<std::string> reasons = WhyNotComparable(a, b, allowances, allowed);
  const auto pairs = PairSamples(base, now);
  if (pairs.empty()) reasons.push_back("no sample is in both");
  for (const auto& [i, j] : pairs) {
    const SampleInfo &s = base.samples()[i], &t = now.samples()[j];
    if (s.caption == t.caption && s.label == t.label) continue;
    reasons.push_back(fmt::format("other data: the sample {} is \"{}\" (class {}) in BASE, \"{}\" (class {}) in NEW",
                                  s.id, s.caption, s.label, t.caption, t.label));
    break;
  }
  if (a.seed != b.seed) return reasons;  // said above
  for (const auto& [i, j] : pairs) {
    const SampleInfo &s = base.samples()[i], &t = now.samples()[j];
    if (s.seed == t.seed) continue;
    reasons.push_back(
        fmt::format("other noise: the sample {} has the seed {} in BASE, {} in NEW", s.id, s.seed, t.seed));
    break;
  }
  return reasons;
}

std::vector<std::pair<size_t, size_t>> PairSamples(const ResultReader& base, const ResultReader& now) {
  std::map<int64_t, size_t> places;
  for (size_t j = 0; j < now.samples().size(); ++j) places[now.samples()[j].id] = j;
  std::vector<std::pair<size_t, size_t>> pairs;
  for (size_t i = 0; i < base.samples().size(); ++i)
    if (const auto found = places.find(base.samples()[i].id); found != places.end())
      pairs.emplace_back(i, found->second);
  return pairs;
}

Counterpart FindCounterpart(const RunHeader& base, size_t k, const RunHeader& now, const Allowances& allowances) {
  const int renamed = Renamed(base, k, now, allowances);
  Counterpart found = renamed >= 0 ? Counterpart{renamed, ""} : FindSetting(base, k, now, {});
  if (found.index < 0 && !allowances.kinds.empty()) found = FindSetting(base, k, now, allowances);
  if (found.index < 0) return found;
  const auto j = static_cast<size_t>(found.index);
  found.allowed = DifferencesOf(base, k, now, j);
  // The same 25 steps measured to a full run of 50 steps and to one of 40 have nothing to say to each other.
  const int before = ReferenceOf(base.settings, k), after = ReferenceOf(now.settings, j);
  if (before < 0 || after < 0) return found;
  const auto reference = static_cast<size_t>(before), other = static_cast<size_t>(after);
  if (Renamed(base, reference, now, allowances) == after || SameIdentity(base, reference, now, other, {})) return found;
  const std::string differences = DifferencesOf(base, reference, now, other);
  if (differences.empty()) return found;
  if (!SameIdentity(base, reference, now, other, allowances))
    return {-1, "it is compared with another full run: " + differences};
  if (found.allowed.empty()) found.allowed = "of the full run " + differences;
  return found;
}

std::string CalledTheSame(const RunHeader& base, const RunHeader& now) {
  std::string first;
  size_t more = 0;
  for (size_t k = 0; k < base.settings.size(); ++k) {
    const std::string& label = base.settings[k].label;
    if (std::ranges::find(now.settings, label, &SettingInfo::label) == now.settings.end()) continue;
    const Counterpart found = FindCounterpart(base, k, now);
    if (found.index >= 0) continue;
    if (first.empty())
      first = fmt::format("{}: {}", label, found.reason);
    else
      ++more;
  }
  return more ? fmt::format("{} (and {} more)", first, more) : first;
}

}  // namespace skipbench
