#include "harness/stats/bootstrap.h"

#include <cmath>
#include <limits>
#include <vector>

#include "harness/base/error.h"
#include "harness/stats/moments.h"
#include "harness/stats/quantile.h"

namespace skipbench {
namespace {

// SplitMix64 (Steele, Lea and Flood 2014): tiny, and the same everywhere, unlike the distributions of <random>.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}
  uint64_t Next() {
    uint64_t z = state_ += 0x9E3779B97F4A7C15;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    return z ^ (z >> 31);
  }
  // Uniform in [0, n), without bias: Lemire 2019 (arXiv 1805.10941).
  uint64_t Below(uint64_t n) {
    while (true) {
      const auto product = static_cast<unsigned __int128>(Next()) * n;
      if (static_cast<uint64_t>(product) >= -n % n) return static_cast<uint64_t>(product >> 64);
    }
  }

 private:
  uint64_t state_;
};

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

  Random random(options.seed);
  std::vector<double> means;
  means.reserve(options.resamples);
  const double center = moments.mean();   // sums of deviations: no digits are lost to a large common offset
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
