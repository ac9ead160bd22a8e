#include "harness/stats/kernel_distance.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <unordered_map>
#include <utility>

#include "harness/base/error.h"
#include "harness/base/random.h"
#include "harness/stats/jackknife.h"

namespace skipbench {
namespace {

void CheckSets(const FeatureView& a, const FeatureView& b) {
  CheckFeatures(a, "kernel distance: set A");
  CheckFeatures(b, "kernel distance: set B");
  CheckDimensions(a.dimension, b.dimension, "kernel distance");
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

// The kernel of every row of x with every row of y.
RowMatrix Kernel(const RowMatrix& x, const RowMatrix& y) {
  RowMatrix products = Products(x, y);
  products = (products.array() / static_cast<double>(x.cols()) + 1).cube();
  return products;
}

// Rows of a subset, the samples that they are of, and the block that each is in.
struct Rows {
  RowMatrix features;
  std::vector<int64_t> samples, blocks;

  int64_t Outside(int64_t block) const {
    return static_cast<int64_t>(blocks.size()) - std::count(blocks.begin(), blocks.end(), block);
  }
};

// Sums over a matrix of the kernel: of all, and without the rows and columns of each block.
struct KernelSums {
  double all = 0;
  std::vector<double> without;
};

KernelSums SumsOf(const RowMatrix& kernel, const std::vector<int64_t>& row_blocks,
                  const std::vector<int64_t>& column_blocks, int64_t count) {
  KernelSums sums{kernel.sum(), std::vector<double>(count, 0)};
  if (count == 0) return sums;
  // What a block takes off: its rows, its columns, and where the two meet once only.
  std::vector<double> taken(count, 0), of_row(count);
  for (int64_t i = 0; i < kernel.rows(); ++i) {
    double row = 0;
    std::fill(of_row.begin(), of_row.end(), 0);
    for (int64_t j = 0; j < kernel.cols(); ++j) {
      row += kernel(i, j);
      if (column_blocks[j] != kNoBlock) of_row[column_blocks[j]] += kernel(i, j);
    }
    for (int64_t b = 0; b < count; ++b)
      if (b != row_blocks[i]) taken[b] += of_row[b];
    if (row_blocks[i] != kNoBlock) taken[row_blocks[i]] += row;
  }
  for (int64_t b = 0; b < count; ++b) sums.without[b] = sums.all - taken[b];
  return sums;
}

// Over pairs of different rows.
KernelSums SumsWithoutDiagonal(const Rows& x, int64_t count) {
  RowMatrix kernel = Kernel(x.features, x.features);
  kernel.diagonal().setZero();
  return SumsOf(kernel, x.blocks, x.blocks, count);
}

// Over rows of different samples, with how many such pairs of rows there are; `paired` says whether sample i of both is
// the same one.
struct CrossSums {
  KernelSums sums;
  int64_t pairs = 0;
  std::vector<int64_t> pairs_without;
};

CrossSums SumsAcross(const Rows& x, const Rows& y, bool paired, int64_t count) {
  RowMatrix kernel = Kernel(x.features, y.features);
  const auto n = static_cast<int64_t>(x.samples.size()), m = static_cast<int64_t>(y.samples.size());
  CrossSums across{{}, n * m, {}};
  for (int64_t b = 0; b < count; ++b) across.pairs_without.push_back(x.Outside(b) * y.Outside(b));
  std::unordered_map<int64_t, int64_t> row_of;  // of y, by its sample
  for (int64_t j = 0; paired && j < m; ++j) row_of[y.samples[j]] = j;
  for (int64_t i = 0; paired && i < n; ++i) {
    const auto same = row_of.find(x.samples[i]);
    if (same == row_of.end()) continue;
    kernel(i, same->second) = 0;
    --across.pairs;
    for (int64_t b = 0; b < count; ++b) across.pairs_without[b] -= x.blocks[i] != b;
  }
  across.sums = SumsOf(kernel, x.blocks, y.blocks, count);
  return across;
}

// Of the whole subset, and without each block; NaN where less than two rows of a set would be left.
struct Mmd2Values {
  double whole = 0;
  std::vector<double> without;
};

Mmd2Values Mmd2(const Rows& x, const Rows& y, bool paired, int64_t count) {
  const auto unbiased = [](int64_t rows_x, int64_t rows_y, int64_t pairs, double xx, double yy, double xy) {
    if (rows_x < 2 || rows_y < 2 || pairs < 1) return std::numeric_limits<double>::quiet_NaN();
    const auto n = static_cast<double>(rows_x), m = static_cast<double>(rows_y);
    return xx / (n * (n - 1)) + yy / (m * (m - 1)) - 2 * xy / static_cast<double>(pairs);
  };
  const int64_t n = x.features.rows(), m = y.features.rows();
  if (n < 2 || m < 2) Fail("kernel distance: {} and {} samples; at least two of each are needed", n, m);
  const KernelSums xx = SumsWithoutDiagonal(x, count), yy = SumsWithoutDiagonal(y, count);
  const CrossSums xy = SumsAcross(x, y, paired, count);
  Mmd2Values values{unbiased(n, m, xy.pairs, xx.all, yy.all, xy.sums.all), {}};
  for (int64_t b = 0; b < count; ++b)
    values.without.push_back(
        unbiased(x.Outside(b), y.Outside(b), xy.pairs_without[b], xx.without[b], yy.without[b], xy.sums.without[b]));
  return values;
}

// `size` different rows out of `count`: the beginning of a Fisher-Yates shuffle.
std::vector<int64_t> Draw(SplitMix* random, int64_t count, int64_t size) {
  std::vector<int64_t> rows(count);
  std::iota(rows.begin(), rows.end(), int64_t{0});
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

void CheckBlocks(const KernelBlocks& blocks, const FeatureView& a, const FeatureView& b) {
  if (blocks.paired && a.rows() != b.rows())
    Fail("kernel distance: sets of the same samples, but A has {} and B {}", a.rows(), b.rows());
  if (blocks.bounds.empty()) return;
  if (blocks.bounds.front() != 0 || blocks.bounds.back() != a.rows())
    Fail("kernel distance: blocks of {} samples for a set of {}", blocks.bounds.back(), a.rows());
}

Rows Take(const FeatureView& features, std::span<const int64_t> rows, const std::vector<int64_t>& block_of_rows) {
  Rows taken{Gather(features, rows), {rows.begin(), rows.end()}, {}};
  for (const int64_t row : rows) taken.blocks.push_back(block_of_rows[row]);
  return taken;
}

// The means over the subsets of which enough is left; empty where that is none.
std::vector<double> MeansWithoutBlock(const std::vector<Mmd2Values>& subsets, size_t blocks) {
  std::vector<double> means;
  for (size_t b = 0; b < blocks; ++b) {
    double sum = 0;
    int64_t count = 0;
    for (const Mmd2Values& subset : subsets) {
      if (std::isnan(subset.without[b])) continue;
      sum += subset.without[b];
      ++count;
    }
    if (count == 0) return {};
    means.push_back(sum / static_cast<double>(count));
  }
  return means;
}

}  // namespace

KernelDistance KernelInceptionDistance(const FeatureView& a, const FeatureView& b,
                                       std::span<const std::vector<int64_t>> rows_a,
                                       std::span<const std::vector<int64_t>> rows_b, const KernelBlocks& blocks) {
  CheckSets(a, b);
  CheckBlocks(blocks, a, b);
  if (rows_a.size() != rows_b.size() || rows_a.empty())
    Fail("kernel distance: {} subsets of set A, {} of set B", rows_a.size(), rows_b.size());
  const int64_t count = std::max<int64_t>(0, static_cast<int64_t>(blocks.bounds.size()) - 1);
  const std::vector<int64_t> blocks_a = BlockOfRows(blocks.bounds, a.rows()),
                             blocks_b = BlockOfRows(blocks.paired ? blocks.bounds : std::vector<int64_t>(), b.rows());
  std::vector<Mmd2Values> values;
  for (size_t i = 0; i < rows_a.size(); ++i)
    values.push_back(Mmd2(Take(a, rows_a[i], blocks_a), Take(b, rows_b[i], blocks_b), blocks.paired, count));
  KernelDistance result;
  result.subsets = static_cast<int64_t>(values.size());
  result.subset_size = static_cast<int64_t>(rows_a[0].size());
  const auto n = static_cast<double>(values.size());
  for (const auto& value : values) result.mean += value.whole / n;
  double variance = 0;
  for (const auto& value : values) variance += (value.whole - result.mean) * (value.whole - result.mean) / n;
  result.stddev = std::sqrt(variance);
  result.without_block = MeansWithoutBlock(values, static_cast<size_t>(count));
  return result;
}

KernelDistance KernelInceptionDistance(const FeatureView& a, const FeatureView& b, const KernelDistanceOptions& options,
                                       const KernelBlocks& blocks) {
  CheckSets(a, b);
  Check(options, a, b);
  SplitMix random(options.seed);
  std::vector<std::vector<int64_t>> rows_a, rows_b;
  for (int64_t i = 0; i < options.subsets; ++i) {
    rows_a.push_back(Draw(&random, a.rows(), options.subset_size));
    rows_b.push_back(blocks.paired ? rows_a.back() : Draw(&random, b.rows(), options.subset_size));
  }
  return KernelInceptionDistance(a, b, rows_a, rows_b, blocks);
}

}  // namespace skipbench
