#include "harness/report/figures/decision_paths.h"

namespace skipbench {

Paths PathsOf(const ReportData& data, const NamedSetting& setting) {
  Paths paths;
  paths.setting = &setting;
  paths.calls = data.table.header.settings[setting.index].calls;
  if (!data.result.FindColumn(setting.index, "action")) return paths;
  const auto action = data.result.Read<uint8_t>(setting.index, "action");
  const auto status = data.result.Read<double>(setting.index, "status").values;
  for (size_t s = 0; s < status.size(); ++s) {
    if (static_cast<Status>(status[s]) != Status::kDone) continue;
    const auto begin = action.values.begin() + static_cast<int64_t>(s) * paths.calls;
    paths.samples.push_back(s);
    paths.actions.emplace_back(begin, begin + paths.calls);
    const auto& one = paths.actions.back();
    paths.skips |= std::any_of(one.begin(), one.end(), [](uint8_t a) { return a != kActionPredict; });
    paths.varies |= one != paths.actions.front();
  }
  return paths;
}

std::vector<Paths> PathsOf(const ReportData& data, const SettingGroup& group) {
  std::vector<Paths> all;
  for (const auto& setting : group.settings)
    if (auto paths = PathsOf(data, setting); paths.skips) all.push_back(std::move(paths));
  return all;
}

double Paths::PredictShare(int call) const {
  double count = 0;
  for (const auto& one : actions) count += one[static_cast<size_t>(call)] == kActionPredict;
  return count / static_cast<double>(actions.size());
}

double Paths::MeanPredictions() const {
  double sum = 0;
  for (const auto& one : actions) sum += static_cast<double>(CountOf(one, kActionPredict));
  return sum / static_cast<double>(actions.size());
}

std::vector<const Paths*> Varying(const std::vector<Paths>& all) {
  std::vector<const Paths*> varying;
  for (const auto& paths : all)
    if (paths.varies) varying.push_back(&paths);
  return varying;
}

std::vector<const Paths*> Spread(const std::vector<const Paths*>& all, int most) {
  const auto count = static_cast<size_t>(std::max(most, 0));
  if (all.size() <= count) return all;
  if (count == 1) return {all[all.size() / 2]};
  std::vector<const Paths*> some;
  for (size_t k = 0; k < count; ++k) some.push_back(all[k * (all.size() - 1) / (count - 1)]);
  return some;
}

}  // namespace skipbench
