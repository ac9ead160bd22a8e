#include "harness/stats/moments.h"

#include <algorithm>
#include <cmath>

namespace skipbench {

void RunningMoments::Add(double value) {
  ++count_;
  const double delta = value - mean_;
  mean_ += delta / static_cast<double>(count_);
  scatter_ += delta * (value - mean_);
  min_ = std::min(min_, value);
  max_ = std::max(max_, value);
}

void RunningMoments::Merge(const RunningMoments& other) {
  if (other.count_ == 0) return;
  const auto mine = static_cast<double>(count_);
  const auto theirs = static_cast<double>(other.count_);
  const double total = mine + theirs;
  const double delta = other.mean_ - mean_;
  mean_ += delta * (theirs / total);
  scatter_ += other.scatter_ + delta * delta * (mine * theirs / total);
  count_ += other.count_;
  min_ = std::min(min_, other.min_);
  max_ = std::max(max_, other.max_);
}

double RunningMoments::mean() const { return count_ ? mean_ : std::numeric_limits<double>::quiet_NaN(); }

double RunningMoments::variance() const {
  return count_ > 1 ? scatter_ / static_cast<double>(count_ - 1) : std::numeric_limits<double>::quiet_NaN();
}

double RunningMoments::stddev() const { return std::sqrt(variance()); }

}  // namespace skipbench
