#include "harness/stats/kernel_distance.h"

#include <cmath>
#include <numeric>
#include <utility>

#include "harness/base/error.h"
#include "harness/stats/dense_solver.h"
#include "harness/stats/split_mix.h"

namespace skipbench {
namespace {

void CheckDimensions(const FeatureView& a, const FeatureView& b) {
  CheckFeatures(a, "kernel distance: set A");
  CheckFeatures(b, "kernel distance: set B");
  if (a.dimension != b.dimension)
    Fail("kernel distance: set A has {} dimensions, set B {}; they come from different networks", a.dimension,
         b.dimension);
}

RowMatrix Gather(const FeatureView& features, std::span<const int64_t> rows) {
  RowMatrix result(rows.size(), features.dimension);
  for (size_t i = 0; i < rows.size(); ++i) {
    if (rows[i] < 0 || rows[i] >= features.rows())
      Fail("kernel distance: row {} of a subset is not among {} samples", rows[i], features.rows());
    const auto row = features.row(rows[i]);
    for (int64_t j = 0; j < features.dimension; ++j) result(static_cast<int64_t>(i), j) = row[j];
  }
  return result;
}

double SumOfKernel(const RowMatrix& x, const RowMatrix& y) {
  const RowMatrix products = x * y.transpose();
  return (products.array() / static_cast<double>(x.cols()) + 1).cube().sum();
}

// Sum over pairs of different rows.
double SumWithoutDiagonal(const RowMatrix& x) {
  const Eigen::ArrayXd squares = x.rowwise().squaredNorm();
  return SumOfKernel(x, x) - (squares / static_cast<double>(x.cols()) + 1).cube().sum();
}

double Mmd2(const RowMatrix& x, const RowMatrix& y) {
  const auto n = static_cast<double>(x.rows()), m = static_cast<double>(y.rows());
  if (n < 2 || m < 2) Fail("kernel distance: {} and {} samples; at least two of each are needed", x.rows(), y.rows());
  return SumWithoutDiagonal(x) / (n * (n - 1)) + SumWithoutDiagonal(y) / (m * (m - 1)) -
         2 * SumOfKernel(x, y) / (n * m);
}

std::vector<int64_t> AllRows(int64_t count) {
  std::vector<int64_t> rows(count);
  std::iota(rows.begin(), rows.end(), int64_t{0});
  return rows;
}

// `size` different rows out of `count`: the beginning of a Fisher-Yates shuffle.
std::vector<int64_t> Draw(SplitMix* random, int64_t count, int64_t size) {
  std::vector<int64_t> rows = AllRows(count);
  for (int64_t i = 0; i < size; ++i) std::swap(rows[i], rows[i + static_cast<int64_t>(random->Below(count - i))]);
  rows.resize(size);
  return rows;
}

void Check(const KernelDistanceOptions& options, const FeatureView& a, const FeatureView& b) {
  if (options.subsets < 1 || options.subsets > 100'000)
    Fail("kernel distance: expected a number of subsets in [1, 100000], found {}", options.subsets);
  if (options.subset_size < 2)
    Fail("kernel distance: expected subsets of at least 2 samples, found {}", options.subset_size);
  for (const auto& [name, rows] : {std::pair("A", a.rows()), std::pair("B", b.rows())})
    if (rows < options.subset_size)
      Fail("kernel distance: set {} has {} samples, fewer than the {} of a subset; ask for smaller subsets", name, rows,
           options.subset_size);
}

}  // namespace

double UnbiasedMmd2(const FeatureView& a, const FeatureView& b) {
  CheckDimensions(a, b);
  return Mmd2(Gather(a, AllRows(a.rows())), Gather(b, AllRows(b.rows())));
}

KernelDistance KernelInceptionDistance(const FeatureView& a, const FeatureView& b,
                                       std::span<const std::vector<int64_t>> rows_a,
                                       std::span<const std::vector<int64_t>> rows_b) {
  CheckDimensions(a, b);
  if (rows_a.size() != rows_b.size() || rows_a.empty())
    Fail("kernel distance: {} subsets of set A, {} of set B", rows_a.size(), rows_b.size());
  std::vector<double> values;
  for (size_t i = 0; i < rows_a.size(); ++i) values.push_back(Mmd2(Gather(a, rows_a[i]), Gather(b, rows_b[i])));
  KernelDistance result;
  result.subsets = static_cast<int64_t>(values.size());
  result.subset_size = static_cast<int64_t>(rows_a[0].size());
  for (double value : values) result.mean += value / static_cast<double>(values.size());
  double variance = 0;
  for (double value : values)
    variance += (value - result.mean) * (value - result.mean) / static_cast<double>(values.size());
  result.stddev = std::sqrt(variance);
  return result;
}

KernelDistance KernelInceptionDistance(const FeatureView& a, const FeatureView& b,
                                       const KernelDistanceOptions& options) {
  CheckDimensions(a, b);
  Check(options, a, b);
  SplitMix random(options.seed);
  std::vector<std::vector<int64_t>> rows_a, rows_b;
  for (int64_t i = 0; i < options.subsets; ++i) {
    rows_a.push_back(Draw(&random, a.rows(), options.subset_size));
    rows_b.push_back(Draw(&random, b.rows(), options.subset_size));
  }
  return KernelInceptionDistance(a, b, rows_a, rows_b);
}

}  // namespace skipbench
