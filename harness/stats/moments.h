// Running mean and variance, numerically stable: Welford 1962.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>

namespace skipbench {

class RunningMoments {
 public:
  void Add(double value) {
    ++count_;
    const double delta = value - mean_;
    mean_ += delta / static_cast<double>(count_);
    scatter_ += delta * (value - mean_);
  }

  int64_t count() const { return count_; }
  // NaN without values; the variance (with n - 1) and the standard deviation also with one value.
  double mean() const { return count_ > 0 ? mean_ : kNan; }
  double variance() const { return count_ > 1 ? scatter_ / static_cast<double>(count_ - 1) : kNan; }
  double stddev() const { return std::sqrt(variance()); }

 private:
  static constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

  int64_t count_ = 0;
  double mean_ = 0;
  double scatter_ = 0;  // sum of squared deviations from the mean
};

}  // namespace skipbench
