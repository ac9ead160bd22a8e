#include "harness/sampling/weighted_rows.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

namespace skipbench {
namespace {

// Rows of several blocks, one of them a stretch of another, and of a view whose rows are not contiguous: the bits are
// those of ATen's operators.
TEST(WeightedRows, AreMultipliedAndAddedInTwoRoundings) {
  for (const auto type : {at::kFloat, at::kDouble, at::kBFloat16}) {
    const at::Tensor a = at::randn({4, 3, 5001}).to(type), b = a.narrow(0, 1, 3);
    const at::Tensor c = at::randn({4, 5001, 3}).to(type).transpose(1, 2);
    for (const at::Tensor& other : {b, c}) {
      const std::vector<WeightedTerm> terms = {{.rows = {{a, 3}, {other, 0}, {a, 1}}, .weights = {0.3, -2, 0}},
                                               {.rows = {{other, 2}, {a, 0}, {a, 1}}, .weights = {1.7, 1, 1e-3}},
                                               {.rows = {{a, 0}, {a, 0}, {other, 1}}, .weights = {0, 0.1, -1}}};
      const at::Tensor sums = WeightedRows(terms);
      const auto wide = type == at::kDouble ? at::kDouble : at::kFloat;
      for (size_t row = 0; row < 3; ++row) {
        at::Tensor sum;
        for (const WeightedTerm& term : terms) {
          const at::Tensor x = term.rows[row].block[term.rows[row].row].to(wide);
          const at::Tensor weighted = x * at::scalar_tensor(term.weights[row], wide);
          sum = sum.defined() ? sum + weighted : weighted;
        }
        EXPECT_TRUE(at::equal(sums[static_cast<int64_t>(row)], sum.to(type))) << c10::toString(type) << " row " << row;
      }
    }
  }
}

}  // namespace
}  // namespace skipbench
