// fewer_steps at the cost of another setting: what a method has to beat to be worth having.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "harness/analysis/decide/samples.h"

namespace skipbench {

// What stands beside a setting: fewer_steps of the same full run, interpolated at its mean cost. Its difference is a
// smooth function of means, and `values` are its linear parts, sample by sample (the influence function): their mean is
// the difference, and their deviation is its.
struct AtCost {
  std::vector<double> values;
  size_t left = 0, right = 0;  // the neighbours in cost
};

// Those of `settings` that have a cost, cheapest first.
std::vector<size_t> ByCost(std::span<const size_t> settings, const SettingValues& cost);

// Setting `k` against the fewer_steps `sorted` (ByCost). `metric`: the larger the better (Oriented). Nothing where
// fewer steps were not run at this cost: below and above it, on two samples or more.
std::optional<AtCost> AgainstFewerSteps(size_t k, std::span<const size_t> sorted, const SettingValues& metric,
                                        const SettingValues& cost);

}  // namespace skipbench
