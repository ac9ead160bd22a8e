#include "harness/analysis/recorded_actions.h"

#include <algorithm>
#include <map>
#include <set>

#include "harness/analysis/settings.h"

namespace skipbench {
namespace {

std::vector<Actions> RowsOf(const ResultReader& result, size_t setting, const char* column,
                            const std::vector<bool>& done) {
  const Array<uint8_t> all = result.Read<uint8_t>(setting, column);
  const int64_t calls = all.shape.at(1);
  std::vector<Actions> rows;
  for (size_t i = 0; i < done.size(); ++i) {
    const auto begin = all.values.begin() + static_cast<int64_t>(i) * calls;
    if (done[i]) rows.emplace_back(begin, begin + calls);
  }
  return rows;
}

bool AllEqual(const std::vector<Actions>& rows) {
  return std::adjacent_find(rows.begin(), rows.end(), std::not_equal_to<>()) == rows.end();
}

bool Full(const Actions& actions) {
  return std::ranges::all_of(actions, [](uint8_t action) { return action == kActionPredict; });
}

// By sample id: of both rows, the conditional one first.
std::map<int64_t, std::string> MasksBySample(const ResultReader& result, size_t setting) {
  const RecordedActions recorded = ReadActions(result, setting);
  const auto& other = recorded.unconditional.empty() ? recorded.actions : recorded.unconditional;
  std::map<int64_t, std::string> masks;
  for (size_t i = 0; i < recorded.samples.size(); ++i)
    masks[recorded.samples[i]] = MaskText(recorded.actions[i]) + "/" + MaskText(other[i]);
  return masks;
}

// Methods that nobody takes for adaptive: their paths stand in the config, or come out of a search.
bool ChosenBeforehand(const std::string& type) {
  static const std::set<std::string> types = {"fixed_path", "greedy_search", "deepcache"};
  return types.contains(type);
}

}  // namespace

RecordedActions ReadActions(const ResultReader& result, size_t setting) {
  RecordedActions recorded;
  if (!result.FindColumn(setting, "action")) return recorded;
  const std::vector<bool> done = DoneSamples(result, setting);
  for (size_t i = 0; i < done.size(); ++i)
    if (done[i]) recorded.samples.push_back(result.samples()[i].id);
  recorded.actions = RowsOf(result, setting, "action", done);
  if (result.FindColumn(setting, "action_unconditional"))
    recorded.unconditional = RowsOf(result, setting, "action_unconditional", done);
  return recorded;
}

std::vector<double> EvaluationsOf(const ResultReader& result, size_t setting, uint8_t action) {
  if (!result.FindColumn(setting, "action_unconditional"))
    return result.Read<double>(setting, action == kActionPredict ? "nfe" : "shallow_nfe").values;
  std::vector<double> counts;
  for (const char* column : {"action", "action_unconditional"}) {
    const Array<uint8_t> all = result.Read<uint8_t>(setting, column);
    const int64_t calls = all.shape.at(1);
    counts.resize(static_cast<size_t>(all.shape[0]));
    for (size_t i = 0; i < counts.size(); ++i) {
      const auto begin = all.values.begin() + static_cast<int64_t>(i) * calls;
      counts[i] += static_cast<double>(std::count(begin, begin + calls, action)) / 2;
    }
  }
  return counts;
}

std::string MaskText(const Actions& actions) {
  std::string text;
  for (const uint8_t action : actions) text += action == kActionPredict ? '1' : '0';
  return text;
}

bool NeverSkips(const ResultReader& result, size_t setting) {
  const std::string& type = result.header().settings.at(setting).type;
  if (ChosenBeforehand(type) || type == "full_step" || type == "fewer_steps") return false;
  const RecordedActions recorded = ReadActions(result, setting);
  return !recorded.samples.empty() && std::ranges::all_of(recorded.actions, Full) &&
         std::ranges::all_of(recorded.unconditional, Full);
}

std::optional<OtherMasks> CompareMasks(const ResultReader& result, size_t a, size_t b) {
  if (result.header().settings.at(a).calls != result.header().settings.at(b).calls) return std::nullopt;
  const std::map<int64_t, std::string> ours = MasksBySample(result, a), theirs = MasksBySample(result, b);
  if (ours.empty() || theirs.empty()) return std::nullopt;
  OtherMasks other;
  for (const auto& [sample, mask] : ours) {
    const auto found = theirs.find(sample);
    if (found == theirs.end()) continue;
    ++other.samples;
    other.differ += mask != found->second;
  }
  return other;
}

std::optional<StaticPath> FindStaticPath(const ResultReader& result, size_t setting) {
  if (ChosenBeforehand(result.header().settings.at(setting).type)) return std::nullopt;
  const RecordedActions recorded = ReadActions(result, setting);
  if (recorded.samples.size() < 2 || !AllEqual(recorded.actions) || !AllEqual(recorded.unconditional))
    return std::nullopt;
  const bool apart = !recorded.unconditional.empty() && recorded.unconditional[0] != recorded.actions[0];
  if (Full(recorded.actions[0]) && !apart) return std::nullopt;
  StaticPath path{.mask = MaskText(recorded.actions[0]), .samples = std::ssize(recorded.samples)};
  path.predictions = std::ranges::count(recorded.actions[0], kActionPredict);
  if (apart) {
    path.mask += "/" + MaskText(recorded.unconditional[0]);
    // A network evaluation is one of the guided pair; half a one counts as one.
    path.predictions = (path.predictions + std::ranges::count(recorded.unconditional[0], kActionPredict) + 1) / 2;
  }
  return path;
}

}  // namespace skipbench
