#include "harness/analysis/verdict/pareto_set.h"

#include <cmath>

#include "harness/base/error.h"

namespace skipbench {

std::vector<bool> ParetoSet(std::span<const double> cost, std::span<const double> quality) {
  if (cost.size() != quality.size()) Fail("Pareto set: {} costs and {} qualities", cost.size(), quality.size());
  std::vector<bool> front(cost.size());
  const auto known = [&](size_t k) { return std::isfinite(cost[k]) && std::isfinite(quality[k]); };
  for (size_t k = 0; k < cost.size(); ++k) {
    front[k] = known(k);
    for (size_t j = 0; j < cost.size() && front[k]; ++j)
      if (known(j) && cost[j] <= cost[k] && quality[j] >= quality[k] && (cost[j] < cost[k] || quality[j] > quality[k]))
        front[k] = false;
  }
  return front;
}

}  // namespace skipbench
