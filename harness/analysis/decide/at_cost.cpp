#include "harness/analysis/decide/at_cost.h"

#include <algorithm>
#include <cmath>

#include "harness/analysis/decide/question.h"

namespace skipbench {

std::vector<size_t> ByCost(std::span<const size_t> settings, const SettingValues& cost) {
  std::vector<std::pair<double, size_t>> known;
  for (const size_t k : settings)
    if (const Moments moments = MomentsOf(cost[k]); moments.count > 0) known.emplace_back(moments.mean, k);
  std::sort(known.begin(), known.end());
  std::vector<size_t> sorted;
  for (const auto& [mean, k] : known) sorted.push_back(k);
  return sorted;
}

std::optional<AtCost> AgainstFewerSteps(size_t k, std::span<const size_t> sorted, const SettingValues& metric,
                                        const SettingValues& cost) {
  for (size_t i = 0; i + 1 < sorted.size(); ++i) {
    const size_t left = sorted[i], right = sorted[i + 1];
    AtCost at{{}, left, right};
    std::vector<size_t> rows;  // that all three have
    std::vector<double> own_cost, slopes;
    for (size_t s = 0; s < metric[k].size(); ++s) {
      if (!std::isfinite(metric[k][s] + metric[left][s] + metric[right][s] + cost[k][s])) continue;
      rows.push_back(s);
      own_cost.push_back(cost[k][s]);
      slopes.push_back(metric[right][s] - metric[left][s]);
    }
    if (rows.size() < 2) continue;
    const double a = MomentsOf(cost[left]).mean, b = MomentsOf(cost[right]).mean, mean = MomentsOf(own_cost).mean;
    if (!(a < b) || mean < a || mean > b) continue;
    const double part = (mean - a) / (b - a), slope = MomentsOf(slopes).mean / (b - a);
    for (const size_t s : rows)
      at.values.push_back(metric[k][s] - metric[left][s] - part * (metric[right][s] - metric[left][s]) -
                          slope * (cost[k][s] - mean));
    return at;
  }
  return std::nullopt;
}

}  // namespace skipbench
