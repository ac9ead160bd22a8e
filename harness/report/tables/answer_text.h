// The answer of a run that decides, for people: what `skipbench tune` prints.
#pragma once

#include <string>
#include <vector>

#include "harness/analysis/table.h"

namespace skipbench {

// Markdown: for each full run of a table with decisions the settings by their answer, and of the question "pareto" the
// best one within each of `budgets`, fractions of the full run's cost.
std::string RenderAnswer(const Table& table, const std::vector<double>& budgets);

}  // namespace skipbench
