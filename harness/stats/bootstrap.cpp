#include "harness/stats/bootstrap.h"

#include <cmath>
#include <limits>
#include <vector>

#include "harness/base/error.h"
#include "harness/base/random.h"
#include "harness/stats/moments.h"
#include "harness/stats/quantile.h"

namespace skipbench {
namespace {

void Check(const BootstrapOptions& options) {
  if (!(options.level > 0 && options.level < 1)) Fail("bootstrap: expected a level in (0, 1), found {}", options.level);
  if (options.resamples < 100 || options.resamples > 1'000'000)
    Fail("bootstrap: expected a number of resamples in [100, 1000000], found {}", options.resamples);
}

}  // namespace

MeanInterval BootstrapMean(std::span<const double> values, const BootstrapOptions& options) {
  Check(options);
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  RunningMoments moments;
  for (size_t i = 0; i < values.size(); ++i) {
    if (!std::isfinite(values[i])) Fail("bootstrap: value {} is not finite: {}", i, values[i]);
    moments.Add(values[i]);
  }
  MeanInterval interval{moments.count(), moments.mean(), kNan, kNan};
  if (values.size() < 2) return interval;

  SplitMix random(options.seed);
  std::vector<double> means;
  means.reserve(options.resamples);
  const double center = moments.mean();  // sums of deviations: no digits are lost to a large common offset
  for (int r = 0; r < options.resamples; ++r) {
    double sum = 0;
    for (size_t i = 0; i < values.size(); ++i) sum += values[random.Below(values.size())] - center;
    means.push_back(center + sum / static_cast<double>(values.size()));
  }
  const double tail = (1 - options.level) / 2;
  const double ends[] = {tail, 1 - tail};
  const std::vector<double> q = Quantiles(std::move(means), ends);
  interval.low = q[0];
  interval.high = q[1];
  return interval;
}

PairedDifference ComparePairs(std::span<const double> a, std::span<const double> b, const BootstrapOptions& options) {
  if (a.size() != b.size()) Fail("paired comparison: {} values against {}", a.size(), b.size());
  PairedDifference result;
  std::vector<double> differences;
  for (size_t i = 0; i < a.size(); ++i) {
    differences.push_back(a[i] - b[i]);
    result.above += a[i] > b[i];
    result.below += a[i] < b[i];
  }
  result.difference = BootstrapMean(differences, options);
  return result;
}

}  // namespace skipbench
