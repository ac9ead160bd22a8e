#include "harness/sampling/weighted_rows.h"

#include <ATen/ATen.h>

#include <algorithm>

namespace skipbench {

at::Tensor WeightedRows(std::span<const WeightedTerm> terms) {
  const auto is_one = [](double w) { return w == 1; };
  if (terms.size() == 1 && std::ranges::all_of(terms[0].weights, is_one)) return GatherRows(terms[0].rows, 0);
  at::Tensor sum;
  at::ScalarType type = at::kFloat;
  for (const WeightedTerm& term : terms) {
    const at::Tensor rows = GatherRows(term.rows, 0);
    type = rows.scalar_type();
    const at::ScalarType wide = type == at::kDouble ? at::kDouble : at::kFloat;
    std::vector<int64_t> shape(static_cast<size_t>(rows.dim()), 1);
    shape[0] = rows.size(0);
    const at::Tensor weights = at::tensor(term.weights, at::kDouble).to(wide).view(shape);
    // Multiplied and added in two steps: one element is rounded as any other, wherever it stands in a vector.
    const at::Tensor weighted = rows.to(wide) * weights.to(rows.device(), /*non_blocking=*/true);
    sum = sum.defined() ? sum.add_(weighted) : weighted;
  }
  return sum.to(type);
}

}  // namespace skipbench
