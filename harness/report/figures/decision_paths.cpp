#include "harness/report/figures/decision_paths.h"

#include <fmt/format.h>

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
  for (const auto& one : actions) count += one[call] == kActionPredict;
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

Figure PartFigure(const std::string& id, const std::string& title, const SettingGroup& group, size_t part,
                  size_t parts) {
  Figure figure;
  figure.id = id + (parts > 1 ? fmt::format("_{}", part) : "");
  figure.title = title + (group.title.empty() ? "" : ": " + group.title);
  if (parts > 1) figure.title += fmt::format(" ({} of {})", part, parts);
  return figure;
}

std::string CallAxis(int64_t calls) {
  return fmt::format("set xrange [-0.6:{}]\nset xtics 0,{} font ',11'\n", static_cast<double>(calls) - 0.4,
                     calls > 200  ? 50
                     : calls > 60 ? 10
                                  : 5);
}

PlotArea StripArea(const Figure& figure, int top) {
  return {.width = figure.width,
          .height = figure.height,
          .left = 16,
          .right = 16,
          .top = top,
          .bottom = kStripBottom,
          .y_max = static_cast<double>(figure.height - top - kStripBottom)};
}

std::string StripFrame(const PlotArea& area, int64_t calls) {
  return area.Commands() + area.Titles(kCallTitle, "") + CallAxis(calls) +
         "unset ytics\nset border 1\nunset grid\nset style fill solid noborder\n";
}

std::string StripBases(size_t rows) {
  return fmt::format("base(r) = {} - {} * (r + 1)\nbar = 18\n", kRow * rows, kRow);
}

std::string StripLabel(const PlotArea& area, size_t rows, size_t r, const std::string& text) {
  return area.Label(text, area.left, kStripBottom + kRow * static_cast<double>(rows - r) - 11,
                    std::string("left") + kText);
}

}  // namespace skipbench
