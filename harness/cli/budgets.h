// Budgets on the command line.
#pragma once

#include <string>
#include <vector>

namespace skipbench::cli {

// "0.25,0.5": shares of the full run's cost. Throws Error naming the command.
std::vector<double> ReadBudgets(const std::string& command, const std::string& text);

}  // namespace skipbench::cli
