// Weighted sums of rows that trajectories kept.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <span>
#include <vector>

#include "harness/sampling/method.h"
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

// The last of `sums`; `rows` gives what was kept, or an input: [n, ...], always of one shape and type.
at::Tensor RoundedRows(std::span<const RoundedSum> sums,
                       const std::function<at::Tensor(RoundedSum::From from, int index)>& rows);

}  // namespace skipbench
