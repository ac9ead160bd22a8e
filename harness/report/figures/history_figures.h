// Figures of a history: a quantity of every setting, result by result, with a mark where it changed.
#pragma once

#include <vector>

#include "harness/analysis/history.h"
#include "harness/report/figures/figure.h"

namespace skipbench {

std::vector<Figure> HistoryFigures(const History& history);

}  // namespace skipbench
