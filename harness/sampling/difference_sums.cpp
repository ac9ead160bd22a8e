#include "harness/sampling/difference_sums.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <array>
#include <limits>

#include "harness/base/error.h"
#include "harness/runtime/profiler.h"
#ifdef SKIPBENCH_CUDA_KERNELS
#include <c10/core/DeviceGuard.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include "harness/sampling/difference_sums_cuda.h"
#endif

namespace skipbench {

namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// Eight lanes of partial sums: element k of a row is added to lane k % 8, and the lanes are added up at the end. They
// stand in GCC vectors of as many as the instruction set holds, so that every one does the same arithmetic in the same
// order.
constexpr int kLanes = 8;

template <typename T, int Width>
struct VectorOf {
  typedef T type __attribute__((vector_size(Width * sizeof(T))));
  typedef T loaded __attribute__((vector_size(Width * sizeof(T)), aligned(sizeof(T)), may_alias));
};

// |v| and v^2.
template <int Width>
struct Partial {
  using Doubles = typename VectorOf<double, Width>::type;
  using Bits = typename VectorOf<int64_t, Width>::type;
  Doubles abs[kLanes / Width] = {}, square[kLanes / Width] = {};

  inline __attribute__((always_inline)) void Add(int part, const Doubles& value) {
    const Bits magnitude = Bits{} + INT64_MAX;
    abs[part] += (Doubles)((Bits)value & magnitude);
    square[part] += value * value;
  }
  static double Total(const Doubles (&v)[kLanes / Width]) {
    const auto at = [&](int lane) { return v[lane / Width][lane % Width]; };
    return ((at(0) + at(1)) + (at(2) + at(3))) + ((at(4) + at(5)) + (at(6) + at(7)));
  }
};

// One row. Order is a template parameter so that the loop holds nothing but what it needs.
template <typename T, int Order, int Width>
inline __attribute__((always_inline)) void RowSums(const T* const* x, int64_t elements, double* sums) {
  using Doubles = typename Partial<Width>::Doubles;
  using Load = typename VectorOf<T, Width>::loaded;
  Partial<Width> self, order1, order2, order3;
  for (int64_t begin = 0; begin < elements; begin += kLanes) {
    for (int part = 0; part < kLanes / Width; ++part) {
      const int64_t k = begin + part * Width;
      Doubles at[Order + 1];
      for (int i = 0; i <= Order; ++i) {
        if (k + Width <= elements) {
          at[i] = __builtin_convertvector(*reinterpret_cast<const Load*>(x[i] + k), Doubles);
        } else {
          at[i] = Doubles{};
          for (int64_t lane = 0; k + lane < elements; ++lane) at[i][lane] = static_cast<double>(x[i][k + lane]);
        }
      }
      self.Add(part, at[0]);
      if constexpr (Order >= 1) order1.Add(part, at[0] - at[1]);
      if constexpr (Order >= 2) order2.Add(part, at[0] - 2.0 * at[1] + at[2]);
      if constexpr (Order >= 3) order3.Add(part, at[0] - 3.0 * at[1] + 3.0 * at[2] - at[3]);
    }
  }
  const auto put = [&](int column, bool there, const Partial<Width>& partial) {
    sums[column] = there ? partial.Total(partial.abs) : kNaN;
    sums[column + 1] = there ? partial.Total(partial.square) : kNaN;
  };
  put(kSelfAbs, true, self);
  put(kAbs1, Order >= 1, order1);
  put(kAbs2, Order >= 2, order2);
  put(kAbs3, Order >= 3, order3);
}

template <typename T, int Order>
void RowSumsBaseline(const T* const* x, int64_t elements, double* sums) {
  RowSums<T, Order, 2>(x, elements, sums);
}

#ifdef __x86_64__
// The same code in wider registers. Nothing is contracted to a fused multiply-add (see CMakeLists.txt), which would
// round differently.
template <typename T, int Order>
__attribute__((target("avx2"))) void RowSumsAvx2(const T* const* x, int64_t elements, double* sums) {
  RowSums<T, Order, 4>(x, elements, sums);
}
template <typename T, int Order>
__attribute__((target("avx512f,avx512dq"))) void RowSumsAvx512(const T* const* x, int64_t elements, double* sums) {
  RowSums<T, Order, 8>(x, elements, sums);
}
#endif

template <typename T, int Order>
void AllRows(at::TensorList history, at::Tensor& sums) {
  auto row_sums = RowSumsBaseline<T, Order>;
#ifdef __x86_64__
  if (__builtin_cpu_supports("avx2")) row_sums = RowSumsAvx2<T, Order>;
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq")) row_sums = RowSumsAvx512<T, Order>;
#endif
  std::array<const T*, Order + 1> base;
  for (int i = 0; i <= Order; ++i) base[i] = history[i].const_data_ptr<T>();
  const int64_t rows = sums.size(0);
  const int64_t elements = rows == 0 ? 0 : history[0].numel() / rows;
  double* out = sums.mutable_data_ptr<double>();
  constexpr int64_t kElementsWorthAThread = 1 << 15;
  const int64_t grain = std::max<int64_t>(1, kElementsWorthAThread / std::max<int64_t>(1, elements));
  at::parallel_for(0, rows, grain, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      std::array<const T*, Order + 1> x;
      for (int i = 0; i <= Order; ++i) x[i] = base[i] + row * elements;
      row_sums(x.data(), elements, out + row * kDifferenceColumns);
    }
  });
}

template <typename T>
at::Tensor SumsOnCpu(at::TensorList history, int order) {
  at::Tensor sums = at::empty({history[0].size(0), kDifferenceColumns}, at::kDouble);
  switch (order) {
    case 0: AllRows<T, 0>(history, sums); break;
    case 1: AllRows<T, 1>(history, sums); break;
    case 2: AllRows<T, 2>(history, sums); break;
    default: AllRows<T, 3>(history, sums); break;
  }
  return sums;
}

#ifdef SKIPBENCH_CUDA_KERNELS
at::Tensor SumsByKernel(at::TensorList history, int order) {
  const at::Tensor& x = history[0];
  const c10::DeviceGuard guard(x.device());
  DifferenceSumsLaunch launch;
  launch.rows = x.size(0);
  launch.elements = launch.rows == 0 ? 0 : x.numel() / launch.rows;
  launch.order = order;
  launch.type = x.scalar_type() == at::kFloat    ? DifferenceSumsType::kFloat32
                : x.scalar_type() == at::kHalf   ? DifferenceSumsType::kFloat16
                : x.scalar_type() == at::kDouble ? DifferenceSumsType::kFloat64
                                                 : DifferenceSumsType::kBFloat16;
  for (int i = 0; i <= order; ++i) launch.history[i] = history[i].const_data_ptr();
  const auto options = x.options().dtype(at::kDouble);
  at::Tensor sums = at::empty({launch.rows, kDifferenceColumns}, options);
  at::Tensor partial = at::empty({launch.rows, DifferenceSumsChunks(launch), kDifferenceColumns}, options);
  launch.partial = partial.mutable_data_ptr<double>();
  launch.sums = sums.mutable_data_ptr<double>();
  launch.stream = c10::impl::VirtualGuardImpl(x.device().type()).getStream(x.device()).native_handle();
  if (const char* error = LaunchDifferenceSums(launch)) Fail("the CUDA kernel difference_sums failed: {}", error);
  return sums;
}
#endif

// By LibTorch's operators, for devices that we have no kernel for.
at::Tensor SumsByOperators(at::TensorList history, int order) {
  std::array<at::Tensor, 4> x;
  for (int i = 0; i <= order; ++i) x[i] = history[i].to(at::kDouble).flatten(1);
  const auto abs = [](const at::Tensor& v) { return v.abs().sum(1); };
  const auto square = [](const at::Tensor& v) { return v.square().sum(1); };
  const at::Tensor none = at::full({history[0].size(0)}, kNaN, x[0].options());
  std::vector<at::Tensor> columns(kDifferenceColumns, none);
  const auto put = [&](int column, const at::Tensor& v) {
    columns[column] = abs(v);
    columns[column + 1] = square(v);
  };
  if (order >= 1) put(kAbs1, x[0] - x[1]);
  if (order >= 2) put(kAbs2, x[0] - 2.0 * x[1] + x[2]);
  if (order >= 3) put(kAbs3, x[0] - 3.0 * x[1] + 3.0 * x[2] - x[3]);
  put(kSelfAbs, x[0]);
  return at::stack(columns, 1);
}

void Check(at::TensorList history, int max_order) {
  if (history.empty() || history.size() > 4)
    Fail("ComputeDifferenceSums: expected 1 to 4 tensors, found {}", history.size());
  if (max_order < 0 || max_order > 3) Fail("ComputeDifferenceSums: max_order: expected 0 to 3, found {}", max_order);
  const at::Tensor& first = history[0];
  for (const at::Tensor& x : history) {
    if (!x.defined() || x.dim() < 1) Fail("ComputeDifferenceSums: expected tensors [n, ...]");
    if (!x.is_floating_point())
      Fail("ComputeDifferenceSums: expected a floating type, found {}", c10::toString(x.scalar_type()));
    if (x.sizes() != first.sizes() || x.scalar_type() != first.scalar_type() || x.device() != first.device()) {
      Fail("ComputeDifferenceSums: shape, type and device of the tensors differ: {} {} {} and {} {} {}",
           c10::str(first.sizes()), c10::toString(first.scalar_type()), first.device().str(), c10::str(x.sizes()),
           c10::toString(x.scalar_type()), x.device().str());
    }
  }
}

}  // namespace

bool HasDifferenceSumsKernel() {
#ifdef SKIPBENCH_CUDA_KERNELS
  return true;
#else
  return false;
#endif
}

at::Tensor ComputeDifferenceSums(at::TensorList history, int max_order) {
  const ProfiledRange range(RangeKind::kOperator, "criterion");
  Check(history, max_order);
  const int order = std::min<int>(max_order, static_cast<int>(history.size()) - 1);
  const bool cpu = history[0].device().is_cpu();
  const auto type = history[0].scalar_type();
  // The CPU's loops know float32 and float64; the conversion of the others is exact.
  const bool convert = cpu ? type != at::kFloat && type != at::kDouble
                           : type != at::kFloat && type != at::kDouble && type != at::kHalf && type != at::kBFloat16;
  c10::SmallVector<at::Tensor, 4> rows;
  for (int i = 0; i <= order; ++i) rows.push_back((convert ? history[i].to(at::kFloat) : history[i]).contiguous());
#ifdef SKIPBENCH_CUDA_KERNELS
  if (history[0].is_cuda()) return SumsByKernel(rows, order);
#endif
  if (!cpu) return SumsByOperators(rows, order);
  return type == at::kDouble ? SumsOnCpu<double>(rows, order) : SumsOnCpu<float>(rows, order);
}

at::Tensor ViewOf(const at::Tensor& rows, const SumView& view) {
  if (view.stride == 1) return rows;
  return rows.slice(-2, 0, std::nullopt, view.stride).slice(-1, 0, std::nullopt, view.stride);
}

at::Tensor ComputeChangeSums(const at::Tensor& now, const at::Tensor& then, const SumView& view) {
  const at::Tensor a = ViewOf(now, view), b = ViewOf(then, view);
  at::Tensor sums = ComputeDifferenceSums({a, b}, 1);
  if (view.rounding == SumView::Rounding::kDifference)
    sums.select(1, kAbs1).copy_(ComputeDifferenceSums({a - b}, 0).select(1, kSelfAbs));
  return sums;
}

}  // namespace skipbench
