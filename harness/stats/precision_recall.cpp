#include "harness/stats/precision_recall.h"

#include <algorithm>
#include <cmath>

#include "harness/base/error.h"
#include "harness/stats/jackknife.h"

namespace skipbench {
namespace {

// Rows whose distances to a block of others are worked out at once.
constexpr int64_t kBlock = 128;

// Deviations instead of |x|^2 + |y|^2 - 2 x.y: no digits are lost to a common offset, and equal samples are at 0.
double SquaredDistanceOf(const double* x, const double* y, int64_t d) {
  using Row = Eigen::Map<const Eigen::ArrayXd>;
  return (Row(x, d) - Row(y, d)).square().sum();
}

// Which block of samples each row is in (BlockOfRows).
using Blocks = std::vector<int64_t>;

// The nearest others of a row, sorted by distance: those that say the k-th nearest whichever one block is left out. Of
// a block more than k never matter, and of 2 k entries with at most k of any block, k are always left.
class Nearest {
 public:
  explicit Nearest(int64_t k) : k_(static_cast<size_t>(k)) {}

  void Insert(double distance, int64_t block) {
    if (list_.size() == 2 * k_ && !(distance < list_.back().distance)) return;
    const auto at = std::upper_bound(list_.begin(), list_.end(), distance,
                                     [](double d, const Entry& entry) { return d < entry.distance; });
    list_.insert(at, {distance, block});
    // Without blocks to leave out, k are enough: all in none count as of one block.
    size_t of_block = 0, last = 0;
    for (size_t i = 0; i < list_.size(); ++i)
      if (list_[i].block == block) {
        ++of_block;
        last = i;
      }
    if (of_block > k_) list_.erase(list_.begin() + static_cast<std::ptrdiff_t>(last));
    if (list_.size() > 2 * k_) list_.pop_back();
  }

  // The distance of the k-th nearest that is not in `left_out`. There must be so many.
  double Radius(int64_t left_out = kNoBlock - 1) const {
    size_t seen = 0;
    for (const Entry& entry : list_)
      if (entry.block != left_out && ++seen == k_) return entry.distance;
    return HUGE_VAL;
  }

 private:
  struct Entry {
    double distance;
    int64_t block;
  };
  size_t k_;
  std::vector<Entry> list_;
};

std::vector<Nearest> NearestOthers(const RowMatrix& x, const Blocks& blocks, int64_t k) {
  std::vector<Nearest> nearest(x.rows(), Nearest(k));
  for (int64_t begin = 0; begin < x.rows(); begin += kBlock) {
    const int64_t end = std::min(begin + kBlock, static_cast<int64_t>(x.rows()));
    for (int64_t j = begin; j < x.rows(); ++j) {
      for (int64_t i = begin; i < std::min(end, j); ++i) {
        const double distance = SquaredDistanceOf(x.row(i).data(), x.row(j).data(), x.cols());
        nearest[i].Insert(distance, blocks[j]);
        nearest[j].Insert(distance, blocks[i]);
      }
    }
  }
  return nearest;
}

// Squared radii: of the whole set, and without each block.
struct Radii {
  std::vector<double> whole, largest;        // [n]; largest: of any
  std::vector<std::vector<double>> without;  // [n][blocks]
};

Radii RadiiOf(const RowMatrix& x, const Blocks& blocks, int64_t count, int64_t k) {
  Radii radii;
  for (const Nearest& one : NearestOthers(x, blocks, k)) {
    radii.whole.push_back(one.Radius());
    auto& without = radii.without.emplace_back();
    for (int64_t b = 0; b < count; ++b) without.push_back(one.Radius(b));
    radii.largest.push_back(without.empty()
                                ? radii.whole.back()
                                : std::max(radii.whole.back(), *std::max_element(without.begin(), without.end())));
  }
  return radii;
}

// For every row, in which of the cases (0: nothing left out, b + 1: block b left out) it lies within some ball.
class Membership {
 public:
  Membership(int64_t rows, int64_t cases) : cases_(cases), in_(rows * cases), open_(rows, cases) {}
  // In every case in which it can be: those without its own block do not count.
  bool Complete(int64_t row) const { return open_[row] == 0; }
  void Set(int64_t row, int64_t which) {
    uint8_t& in = in_[row * cases_ + which];
    open_[row] -= !in;
    in = 1;
  }
  void SetAll(int64_t row) {
    for (int64_t which = 0; which < cases_; ++which) Set(row, which);
  }
  // The share of the rows outside the block that is left out.
  double Share(int64_t which, const Blocks& blocks) const {
    int64_t rows = 0, members = 0;
    for (size_t i = 0; i < blocks.size(); ++i) {
      if (which > 0 && blocks[i] == which - 1) continue;
      ++rows;
      members += in_[static_cast<int64_t>(i) * cases_ + which];
    }
    return static_cast<double>(members) / static_cast<double>(rows);
  }

 private:
  int64_t cases_;
  std::vector<uint8_t> in_;
  std::vector<int64_t> open_;
};

// A point at this squared distance from the centre of row `centre`'s ball: the cases in which it is inside.
void Mark(const Radii& radii, const Blocks& centres, int64_t centre, double distance, int64_t point,
          Membership* members) {
  if (distance > radii.largest[centre]) return;
  const auto& without = radii.without[centre];
  if (without.empty()) return members->SetAll(point);  // a set that never loses a block
  if (distance <= radii.whole[centre]) members->Set(point, 0);
  for (int64_t b = 0; b < static_cast<int64_t>(without.size()); ++b)
    if (centres[centre] != b && distance <= without[b]) members->Set(point, b + 1);
}

void Check(const FeatureView& features, int64_t k, const char* name) {
  CheckFeatures(features, fmt::format("precision and recall: {}", name));
  if (k < 1) Fail("precision and recall: expected k of at least 1, found {}", k);
  if (features.rows() <= k)
    Fail("precision and recall: {} has {} samples; with k = {} at least {} are needed", name, features.rows(), k,
         k + 1);
}

}  // namespace

PrecisionRecallBlocks ComputePrecisionRecall(const FeatureView& generated, const FeatureView& real, bool paired,
                                             std::span<const int64_t> bounds, int64_t k) {
  Check(generated, k, "the generated set");
  Check(real, k, "the real set");
  if (generated.dimension != real.dimension)
    Fail(
        "precision and recall: the generated set has {} dimensions, the real one {}; they come from different networks",
        generated.dimension, real.dimension);
  if (paired && generated.rows() != real.rows())
    Fail("precision and recall: sets of the same samples, but one has {} and the other {}", generated.rows(),
         real.rows());
  if (!bounds.empty() && (bounds.front() != 0 || bounds.back() != generated.rows()))
    Fail("precision and recall: blocks of {} samples for a set of {}", bounds.back(), generated.rows());
  int64_t largest = 0;
  for (size_t b = 0; b + 1 < bounds.size(); ++b) largest = std::max(largest, bounds[b + 1] - bounds[b]);
  if (generated.rows() - largest <= k) bounds = {};
  const int64_t count = std::max<int64_t>(0, static_cast<int64_t>(bounds.size()) - 1);
  const RowMatrix g = ToDouble(generated), r = ToDouble(real);
  const Blocks blocks_g = BlockOfRows(bounds, g.rows()), blocks_r = paired ? blocks_g : Blocks(r.rows(), kNoBlock);
  const Radii radii_g = RadiiOf(g, blocks_g, count, k), radii_r = RadiiOf(r, blocks_r, paired ? count : 0, k);
  Membership precise(g.rows(), count + 1), recalled(r.rows(), count + 1);
  // Where a row's own block is left out nobody asks; the search need not wait for it.
  for (int64_t i = 0; i < g.rows(); ++i)
    if (blocks_g[i] != kNoBlock) precise.Set(i, blocks_g[i] + 1);
  for (int64_t j = 0; j < r.rows(); ++j)
    if (blocks_r[j] != kNoBlock) recalled.Set(j, blocks_r[j] + 1);
  for (int64_t begin = 0; begin < g.rows(); begin += kBlock) {
    const int64_t end = std::min(begin + kBlock, static_cast<int64_t>(g.rows()));
    for (int64_t j = 0; j < r.rows(); ++j) {
      for (int64_t i = begin; i < end; ++i) {
        if (precise.Complete(i) && recalled.Complete(j)) continue;
        const double distance = SquaredDistanceOf(g.row(i).data(), r.row(j).data(), g.cols());
        Mark(radii_r, blocks_r, j, distance, i, &precise);
        Mark(radii_g, blocks_g, i, distance, j, &recalled);
      }
    }
  }
  const auto shares = [&](int64_t which) {
    return PrecisionRecall{precise.Share(which, blocks_g), recalled.Share(which, blocks_r)};
  };
  PrecisionRecallBlocks result{shares(0), {}};
  for (int64_t b = 0; b < count; ++b) result.without_block.push_back(shares(b + 1));
  return result;
}

PrecisionRecall ComputePrecisionRecall(const FeatureView& generated, const FeatureView& real, int64_t k) {
  return ComputePrecisionRecall(generated, real, false, {}, k).whole;
}

}  // namespace skipbench
