#include "harness/stats/precision_recall.h"

#include <algorithm>
#include <cmath>

#include "harness/base/error.h"
#include "harness/stats/dense_solver.h"

namespace skipbench {
namespace {

// Rows whose distances to a block of others are worked out at once.
constexpr int64_t kBlock = 128;

// Deviations instead of |x|^2 + |y|^2 - 2 x.y: no digits are lost to a common offset, and equal samples are at 0.
double SquaredDistanceOf(const double* x, const double* y, int64_t d) {
  using Row = Eigen::Map<const Eigen::ArrayXd>;
  return (Row(x, d) - Row(y, d)).square().sum();
}

RowMatrix ToDouble(const FeatureView& features) {
  using Floats = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  return Eigen::Map<const Floats>(features.values.data(), features.rows(), features.dimension).cast<double>();
}

// Squared radii.
std::vector<double> Radii(const RowMatrix& x, int64_t k) {
  // The k smallest so far, sorted, of every row.
  std::vector<double> nearest(x.rows() * k, HUGE_VAL);
  const auto insert = [&](int64_t row, double distance) {
    double* list = nearest.data() + row * k;
    if (!(distance < list[k - 1])) return;
    int64_t at = k - 1;
    for (; at > 0 && list[at - 1] > distance; --at) list[at] = list[at - 1];
    list[at] = distance;
  };
  for (int64_t begin = 0; begin < x.rows(); begin += kBlock) {
    const int64_t end = std::min(begin + kBlock, static_cast<int64_t>(x.rows()));
    for (int64_t j = begin; j < x.rows(); ++j) {
      for (int64_t i = begin; i < std::min(end, j); ++i) {
        const double distance = SquaredDistanceOf(x.row(i).data(), x.row(j).data(), x.cols());
        insert(i, distance);
        insert(j, distance);
      }
    }
  }
  std::vector<double> radii;
  for (int64_t i = 0; i < x.rows(); ++i) radii.push_back(nearest[i * k + k - 1]);
  return radii;
}

void Check(const FeatureView& features, int64_t k, const char* name) {
  CheckFeatures(features, fmt::format("precision and recall: {}", name));
  if (k < 1) Fail("precision and recall: expected k of at least 1, found {}", k);
  if (features.rows() <= k)
    Fail("precision and recall: {} has {} samples; with k = {} at least {} are needed", name, features.rows(), k,
         k + 1);
}

}  // namespace

std::vector<double> NeighbourRadii(const FeatureView& features, int64_t k) {
  Check(features, k, "the set");
  std::vector<double> radii = Radii(ToDouble(features), k);
  for (double& radius : radii) radius = std::sqrt(radius);
  return radii;
}

PrecisionRecall ComputePrecisionRecall(const FeatureView& generated, const FeatureView& real, int64_t k) {
  Check(generated, k, "the generated set");
  Check(real, k, "the real set");
  if (generated.dimension != real.dimension)
    Fail(
        "precision and recall: the generated set has {} dimensions, the real one {}; they come from different networks",
        generated.dimension, real.dimension);
  const RowMatrix g = ToDouble(generated), r = ToDouble(real);
  const std::vector<double> radius_g = Radii(g, k), radius_r = Radii(r, k);
  std::vector<bool> precise(g.rows()), recalled(r.rows());
  for (int64_t begin = 0; begin < g.rows(); begin += kBlock) {
    const int64_t end = std::min(begin + kBlock, static_cast<int64_t>(g.rows()));
    for (int64_t j = 0; j < r.rows(); ++j) {
      for (int64_t i = begin; i < end; ++i) {
        if (precise[i] && recalled[j]) continue;
        const double distance = SquaredDistanceOf(g.row(i).data(), r.row(j).data(), g.cols());
        if (distance <= radius_r[j]) precise[i] = true;
        if (distance <= radius_g[i]) recalled[j] = true;
      }
    }
  }
  const auto share = [](const std::vector<bool>& set) {
    return static_cast<double>(std::count(set.begin(), set.end(), true)) / static_cast<double>(set.size());
  };
  return {share(precise), share(recalled)};
}

}  // namespace skipbench
