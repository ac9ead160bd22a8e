#include "harness/sampling/tensor_rows.h"

#include <ATen/ATen.h>

namespace skipbench {
namespace {

at::Tensor SelectRows(const at::Tensor& block, std::span<const RowRef> rows, int64_t dim) {
  const int64_t n = static_cast<int64_t>(rows.size());
  bool consecutive = true;
  for (int64_t i = 1; i < n && consecutive; ++i) consecutive = rows[i].row == rows[0].row + i;
  if (consecutive) return n == block.size(dim) ? block : block.narrow(dim, rows[0].row, n);
  at::Tensor index = at::empty({n}, at::kLong);
  for (int64_t i = 0; i < n; ++i) index.mutable_data_ptr<int64_t>()[i] = rows[i].row;
  return block.index_select(dim, index.to(block.device(), /*non_blocking=*/true));
}

}  // namespace

at::Tensor GatherRows(std::span<const RowRef> rows, int64_t dim) {
  std::vector<at::Tensor> parts;
  for (size_t begin = 0; begin < rows.size();) {
    size_t end = begin + 1;
    while (end < rows.size() && rows[end].block.is_same(rows[begin].block)) ++end;
    parts.push_back(SelectRows(rows[begin].block, rows.subspan(begin, end - begin), dim));
    begin = end;
  }
  return parts.size() == 1 ? parts[0] : at::cat(parts, dim);
}

}  // namespace skipbench
