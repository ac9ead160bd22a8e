#include "harness/cli/budgets.h"

#include <algorithm>
#include <charconv>

#include "harness/base/error.h"

namespace skipbench::cli {

std::vector<double> ReadBudgets(const std::string& command, const std::string& text) {
  std::vector<double> budgets;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find(',', begin), text.size());
    double budget = 0;
    const auto [last, error] = std::from_chars(text.data() + begin, text.data() + end, budget);
    if (error != std::errc() || last != text.data() + end || !(budget > 0 && budget <= 1))
      Fail("skipbench {}: --budget: expected fractions of the full run's cost, above 0 and at most 1, found \"{}\"",
           command, text);
    budgets.push_back(budget);
    begin = end + 1;
  }
  return budgets;
}

}  // namespace skipbench::cli
