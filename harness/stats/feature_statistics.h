// Mean and covariance of feature vectors, gathered in parts: what a Frechet distance needs of a set of pictures.
// float64 throughout, and sums of deviations instead of sums of products (Chan, Golub and LeVeque 1979): features with
// a large common offset keep their digits. Parts may be merged in any order, of any size (up to rounding).
#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <span>
#include <string>
#include <utility>

#include "harness/stats/dense_solver.h"

namespace skipbench {

// Feature vectors one after the other, borrowed: [rows, dimension], row-major.
struct FeatureView {
  std::span<const float> values;
  int64_t dimension = 0;  // > 0
  int64_t rows() const { return dimension ? static_cast<int64_t>(values.size()) / dimension : 0; }
  std::span<const float> row(int64_t i) const { return values.subspan(i * dimension, dimension); }
  // Rows [begin, end).
  FeatureView Rows(int64_t begin, int64_t end) const {
    return {values.subspan(begin * dimension, (end - begin) * dimension), dimension};
  }
};

// A normal distribution: what is left of a set of features, or what a reference file holds.
struct Gaussian {
  int64_t count = 0;           // samples it was estimated from; 0: unknown (a file that does not say)
  Eigen::VectorXd mean;        // [d]
  Eigen::MatrixXd covariance;  // [d, d], unbiased (n - 1)
  int64_t dimension() const { return mean.size(); }
};

class FeatureStatistics {
 public:
  FeatureStatistics() = default;  // of no features; takes the dimension of the first that it is given
  explicit FeatureStatistics(int64_t dimension);
  // Of what was computed elsewhere: `scatter` is the sum of outer products of deviations from the mean.
  FeatureStatistics(int64_t count, Eigen::VectorXd mean, Eigen::MatrixXd scatter)
      : count_(count), mean_(std::move(mean)), scatter_(std::move(scatter)) {}

  // Throws Error for another dimension and for a value that is not finite, naming row and column.
  void Add(const FeatureView& features);
  void Merge(const FeatureStatistics& other);
  // These statistics without `part`, which must be among what was added or merged.
  FeatureStatistics Without(const FeatureStatistics& part) const;

  int64_t count() const { return count_; }
  int64_t dimension() const { return mean_.size(); }
  const Eigen::VectorXd& mean() const { return mean_; }
  const Eigen::MatrixXd& scatter() const { return scatter_; }
  // Throws Error with less than two samples: one picture has no covariance.
  Gaussian Normal() const;

 private:
  void TakeDimension(int64_t dimension);

  int64_t count_ = 0;
  Eigen::VectorXd mean_;
  Eigen::MatrixXd scatter_;  // symmetric, both halves
};

// Of all rows at once.
FeatureStatistics StatisticsOf(const FeatureView& features);

// The same values in float64.
RowMatrix ToDouble(const FeatureView& features);

// Throws Error unless the values fill whole rows and are finite; `what` ("set A") is put in front of the message.
void CheckFeatures(const FeatureView& features, const std::string& what);
// Throws Error for sets of features of different networks; `what` ("kernel distance") is put in front of the message.
void CheckDimensions(int64_t a, int64_t b, const std::string& what);

}  // namespace skipbench
