// Rows of batched tensors, by handle. A trajectory's state is a row in a batch; it is copied only when a batch has to
// be put together from rows that do not already stand side by side.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <span>
#include <vector>

namespace skipbench {

struct RowRef {
  at::Tensor block;  // [..., m, ...]; which dimension holds the rows is agreed between writer and reader
  int64_t row = 0;

  at::Tensor Select(int64_t dim) const { return block.select(dim, row); }
};

// The rows side by side along `dim`, in the order given. No copy when they are consecutive rows of one block (the whole
// block or a narrow view comes back); otherwise one index_select per block and one cat.
at::Tensor GatherRows(std::span<const RowRef> rows, int64_t dim);

}  // namespace skipbench
