#include "harness/sampling/weighted_rows.h"
#include "harness/runtime/profiler.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>

namespace skipbench {
namespace {

// Whether every row is `T`s on the CPU, one after the other.
template <typename T>
bool AreRowsOf(std::span<const WeightedTerm> terms) {
  return std::ranges::all_of(terms, [](const WeightedTerm& term) {
    return std::ranges::all_of(term.rows, [](const RowRef& ref) {
      return ref.block.is_cpu() && ref.block.scalar_type() == c10::CppTypeToScalarType<T>::value &&
             ref.block.select(0, ref.row).is_contiguous();
    });
  });
}

// One pass over the memory, where ATen's operators would gather, multiply and add in one each; the same roundings.
template <typename T>
at::Tensor SumInOnePass(std::span<const WeightedTerm> terms, const at::Tensor& into) {
  const auto rows = static_cast<int64_t>(terms[0].rows.size());
  std::vector<int64_t> shape = terms[0].rows[0].block.sizes().vec();
  shape[0] = rows;
  at::Tensor sum = into.defined() ? into : at::empty(shape, terms[0].rows[0].block.options());
  constexpr int64_t kPart = 1 << 12;  // elements that stay in the cache while all terms are added
  const int64_t elements = sum.numel() / rows, parts = (elements + kPart - 1) / kPart;
  T* const out = sum.mutable_data_ptr<T>();
  at::parallel_for(0, rows * parts, 8, [&](int64_t first, int64_t last) {
    for (int64_t p = first; p < last; ++p) {
      const int64_t row = p / parts, begin = p % parts * kPart, count = std::min(kPart, elements - begin);
      T* const to = out + row * elements + begin;
      for (const WeightedTerm& term : terms) {
        const RowRef& ref = term.rows[static_cast<size_t>(row)];
        const T* const from = ref.block.template const_data_ptr<T>() + ref.row * ref.block.stride(0) + begin;
        const T weight = static_cast<T>(term.weights[static_cast<size_t>(row)]);
        if (&term == &terms[0])
          for (int64_t k = 0; k < count; ++k) to[k] = from[k] * weight;
        else
          for (int64_t k = 0; k < count; ++k) to[k] += from[k] * weight;  // not contracted: see CMakeLists.txt
      }
    }
  });
  return sum;
}

}  // namespace

at::Tensor WeightedRows(std::span<const WeightedTerm> terms, const at::Tensor& into) {
  const ProfiledRange range(RangeKind::kOperator, "weighted_sum");
  const auto is_one = [](double w) { return w == 1; };
  if (terms.size() == 1 && std::ranges::all_of(terms[0].weights, is_one)) return GatherRows(terms[0].rows, 0);
  if (AreRowsOf<float>(terms)) return SumInOnePass<float>(terms, into);
  if (AreRowsOf<double>(terms)) return SumInOnePass<double>(terms, into);
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

at::Tensor RoundedRows(std::span<const RoundedSum> sums,
                       const std::function<at::Tensor(RoundedSum::From from, int index)>& rows) {
  std::vector<at::Tensor> made;
  for (const RoundedSum& sum : sums) {
    at::Tensor value;
    at::ScalarType type = at::kFloat;
    for (const RoundedSum::Term& term : sum.terms) {
      const bool made_here = term.from == RoundedSum::From::kSum;
      at::Tensor x = made_here ? made.at(static_cast<size_t>(term.index)) : rows(term.from, term.index);
      type = x.scalar_type();
      x = x.to(type == at::kDouble ? at::kDouble : at::kFloat);
      if (term.weight != 1) x = x * term.weight;
      value = value.defined() ? value + x : x;
    }
    if (sum.divisor != 1) value = value / sum.divisor;
    if (sum.bfloat16) value = value.to(at::kBFloat16);
    made.push_back(value.to(type));
  }
  return made.back();
}

}  // namespace skipbench
