// Running mean and variance: Welford 1962, merged as in Chan, Golub and LeVeque 1979. Numerically stable, and
// independent of how the values were spread over parts up to rounding.
#pragma once

#include <cstdint>
#include <limits>

namespace skipbench {

class RunningMoments {
 public:
  void Add(double value);
  void Merge(const RunningMoments& other);

  int64_t count() const { return count_; }
  // NaN without values; the variance (with n - 1) and the standard deviation also with one value.
  double mean() const;
  double variance() const;
  double stddev() const;
  double min() const { return count_ ? min_ : std::numeric_limits<double>::quiet_NaN(); }
  double max() const { return count_ ? max_ : std::numeric_limits<double>::quiet_NaN(); }

 private:
  int64_t count_ = 0;
  double mean_ = 0;
  double scatter_ = 0;  // sum of squared deviations from the mean
  double min_ = std::numeric_limits<double>::infinity();
  double max_ = -std::numeric_limits<double>::infinity();
};

}  // namespace skipbench
