// Which of several settings are worth their cost.
#pragma once

#include <span>
#include <vector>

namespace skipbench {

// Whether no other one is better at no more cost, or as good at less. `quality`: the larger the better. What has no
// finite cost and quality is not in the set. Throws Error for lists of different lengths.
std::vector<bool> ParetoSet(std::span<const double> cost, std::span<const double> quality);

}  // namespace skipbench
