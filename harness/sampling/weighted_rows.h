// Weighted sums of rows that trajectories kept.
#pragma once

#include <ATen/core/Tensor.h>

#include <span>
#include <vector>

#include "harness/sampling/stepping.h"

namespace skipbench {

// A term of each row's sum: the rows with their weights, as many as there are sums. A row without the term has weight 0
// and any defined row of the same shape.
struct WeightedTerm {
  std::vector<RowRef> rows;  // rows in dimension 0
  std::vector<double> weights;
};

// [n, ...] in the rows' type, added up term by term in float32 (float64 of float64 rows). A single term of weights 1
// comes back as it is. A row's sum does not depend on the others. `into`, if defined, is memory of the sum's shape and
// type, contiguous, that may be written and come back.
at::Tensor WeightedRows(std::span<const WeightedTerm> terms, const at::Tensor& into = {});

}  // namespace skipbench
