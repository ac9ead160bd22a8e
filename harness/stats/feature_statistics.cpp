#include "harness/stats/feature_statistics.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "harness/base/error.h"

namespace skipbench {
namespace {

// Rows that are centred and multiplied at once: enough to make the product efficient, few enough to stay in the cache.
constexpr int64_t kBlockRows = 256;

}  // namespace

RowMatrix ToDouble(const FeatureView& features) {
  using Floats = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  return Eigen::Map<const Floats>(features.values.data(), features.rows(), features.dimension).cast<double>();
}

void CheckDimensions(int64_t a, int64_t b, const std::string& what) {
  if (a != b) Fail("{}: set A has {} dimensions, set B {}; they come from different networks", what, a, b);
}

void CheckFeatures(const FeatureView& features, const std::string& what) {
  if (features.dimension < 1)
    Fail("{}: expected features of at least one dimension, found {}", what, features.dimension);
  const auto size = static_cast<int64_t>(features.values.size());
  if (size % features.dimension != 0)
    Fail("{}: {} values do not fill whole rows of {} features", what, size, features.dimension);
  for (int64_t i = 0; i < size; ++i)
    if (!std::isfinite(features.values[i]))
      Fail("{}: feature {} of sample {} is not finite: {}", what, i % features.dimension, i / features.dimension,
           features.values[i]);
}

FeatureStatistics::FeatureStatistics(int64_t dimension) { TakeDimension(dimension); }

void FeatureStatistics::TakeDimension(int64_t dimension) {
  if (dimension < 1) Fail("feature statistics: expected at least one dimension, found {}", dimension);
  if (mean_.size() == 0) {
    mean_ = Eigen::VectorXd::Zero(dimension);
    scatter_ = Eigen::MatrixXd::Zero(dimension, dimension);
  } else if (mean_.size() != dimension) {
    Fail("feature statistics: features of {} dimensions do not belong to statistics of {}", dimension, mean_.size());
  }
}

void FeatureStatistics::Add(const FeatureView& features) {
  TakeDimension(features.dimension);
  CheckFeatures(features, "feature statistics");
  for (int64_t begin = 0; begin < features.rows(); begin += kBlockRows) {
    RowMatrix rows = ToDouble(features.Rows(begin, std::min(begin + kBlockRows, features.rows())));
    FeatureStatistics block(features.dimension);
    block.count_ = rows.rows();
    block.mean_ = rows.colwise().mean().transpose();
    rows.rowwise() -= block.mean_.transpose();
    block.scatter_.selfadjointView<Eigen::Lower>().rankUpdate(rows.transpose());
    block.scatter_.triangularView<Eigen::StrictlyUpper>() = block.scatter_.transpose();
    Merge(block);
  }
}

void FeatureStatistics::Merge(const FeatureStatistics& other) {
  if (other.dimension() == 0) return;
  TakeDimension(other.dimension());
  if (other.count_ == 0) return;
  const auto mine = static_cast<double>(count_), theirs = static_cast<double>(other.count_), total = mine + theirs;
  const Eigen::VectorXd delta = other.mean_ - mean_;
  scatter_ += other.scatter_;
  scatter_.noalias() += (mine * theirs / total * delta) * delta.transpose();
  mean_ += delta * (theirs / total);
  count_ += other.count_;
}

FeatureStatistics FeatureStatistics::Without(const FeatureStatistics& part) const {
  if (part.count_ == 0) return *this;
  if (part.dimension() != dimension() || part.count_ > count_)
    Fail("feature statistics: {} samples of {} dimensions are not a part of {} samples of {} dimensions", part.count_,
         part.dimension(), count_, dimension());
  FeatureStatistics rest(dimension());
  rest.count_ = count_ - part.count_;
  if (rest.count_ == 0) return rest;
  const auto left = static_cast<double>(rest.count_), gone = static_cast<double>(part.count_), total = left + gone;
  rest.mean_ = mean_ + (mean_ - part.mean_) * (gone / left);
  const Eigen::VectorXd delta = part.mean_ - rest.mean_;
  rest.scatter_ = scatter_ - part.scatter_;
  rest.scatter_.noalias() -= (left * gone / total * delta) * delta.transpose();
  return rest;
}

Gaussian FeatureStatistics::Normal() const {
  if (count_ < 2) Fail("feature statistics: a covariance needs at least two samples, found {}", count_);
  return {count_, mean_, scatter_ / static_cast<double>(count_ - 1)};
}

FeatureStatistics StatisticsOf(const FeatureView& features) {
  FeatureStatistics statistics;
  statistics.Add(features);
  return statistics;
}

}  // namespace skipbench
