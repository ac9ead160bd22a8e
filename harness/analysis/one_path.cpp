#include "harness/analysis/one_path.h"

#include <fmt/ranges.h>

#include <algorithm>

#include "harness/base/error.h"

namespace skipbench {
namespace {

Actions MajorityOf(const std::map<int64_t, Actions>& paths) {
  Actions majority(paths.begin()->second.size(), kActionReuse);
  for (size_t call = 0; call < majority.size(); ++call) {
    const auto predict =
        std::ranges::count_if(paths, [&](const auto& path) { return path.second[call] == kActionPredict; });
    if (2 * predict >= std::ssize(paths)) majority[call] = kActionPredict;
  }
  return majority;
}

size_t Agreeing(const std::map<int64_t, Actions>& paths, const Actions& path) {
  return static_cast<size_t>(
      std::ranges::count_if(paths, [&](const auto& one) { return MaskText(one.second) == MaskText(path); }));
}

// "17 to 25"
std::string PredictionsOf(const std::map<int64_t, Actions>& paths) {
  std::vector<int64_t> counts;
  for (const auto& [sample, path] : paths) counts.push_back(std::ranges::count(path, kActionPredict));
  const auto [least, most] = std::ranges::minmax(counts);
  return least == most ? fmt::format("{}", least) : fmt::format("{} to {}", least, most);
}

}  // namespace

OnePath ChooseOnePath(const std::map<int64_t, Actions>& paths, const PathChoice& choice, const std::string& where) {
  if (paths.empty()) Fail("{}: holds no path", where);
  if (choice.sample) {
    const auto found = paths.find(*choice.sample);
    if (found == paths.end()) {
      std::vector<int64_t> ids;
      for (const auto& [sample, path] : paths)
        if (ids.size() < 8) ids.push_back(sample);
      Fail("{}: holds no path of sample {}; it has those of {}{}", where, *choice.sample, fmt::join(ids, ", "),
           ids.size() < paths.size() ? ", ..." : "");
    }
    return {found->second, fmt::format("of sample {}", *choice.sample)};
  }
  const Actions& first = paths.begin()->second;
  const bool same = std::ranges::all_of(paths, [&](const auto& path) { return path.second == first; });
  if (same)
    return {first, paths.size() == 1 ? fmt::format("of sample {}, the only one", paths.begin()->first)
                                     : fmt::format("of all {} samples", paths.size())};
  if (!choice.majority)
    Fail(
        "{}: its {} samples took different paths ({} predictions), and one mask serves all; --sample ID takes one "
        "sample's (sample {}: {}), --majority what most of them did at each call",
        where, paths.size(), PredictionsOf(paths), paths.begin()->first, MaskText(first));
  OnePath path{MajorityOf(paths), ""};
  path.whose =
      fmt::format("what most of {} samples did at each call ({} of them took this very path; they predict {} times)",
                  paths.size(), Agreeing(paths, path.actions), PredictionsOf(paths));
  return path;
}

std::map<int64_t, Actions> PathsBySample(const ResultReader& result, size_t setting, GuidanceRow row,
                                         const std::string& where) {
  const RecordedActions recorded = ReadActions(result, setting);
  if (recorded.samples.empty()) Fail("{}: no sample of it is done", where);
  if (row == GuidanceRow::kBoth && !recorded.unconditional.empty() && recorded.unconditional != recorded.actions)
    Fail(
        "{}: the conditional and the unconditional row of guidance decided apart, and one mask serves both; --row "
        "conditional or --row unconditional says whose",
        where);
  const bool other = row == GuidanceRow::kUnconditional && !recorded.unconditional.empty();
  std::map<int64_t, Actions> paths;
  for (size_t i = 0; i < recorded.samples.size(); ++i)
    paths[recorded.samples[i]] = other ? recorded.unconditional[i] : recorded.actions[i];
  return paths;
}

}  // namespace skipbench
