#include "harness/stats/change_points.h"

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <functional>
#include <numeric>

#include "harness/base/error.h"
#include "harness/base/random.h"
#include "harness/stats/moments.h"

namespace skipbench {
namespace {

constexpr int kOrders = 4999;

double Mean(const std::vector<double>& values, size_t begin, size_t end) {
  double sum = 0;
  for (size_t i = begin; i < end; ++i) sum += values[i];
  return sum / static_cast<double>(end - begin);
}

struct Split {
  size_t at = 0;
  double size = 0;  // |difference of the means| * sqrt(a b / (a + b)), a and b the lengths
};

Split LargestSplit(const std::vector<double>& values, size_t begin, size_t end) {
  const double total = std::accumulate(values.begin() + static_cast<std::ptrdiff_t>(begin),
                                       values.begin() + static_cast<std::ptrdiff_t>(end), 0.0);
  Split largest{begin + 1, 0};
  double sum = 0;
  for (size_t at = begin + 1; at < end; ++at) {
    sum += values[at - 1];
    const auto a = static_cast<double>(at - begin), b = static_cast<double>(end - at);
    const double size = std::abs((total - sum) / b - sum / a) * std::sqrt(a * b / (a + b));
    // Rounding must not move a change of equal means to another place.
    if (size > largest.size * (1 + 1e-12)) largest = {at, size};
  }
  return largest;
}

// Two-sided, that the mean of the differences is not 0.
double PairedP(const std::vector<double>& differences) {
  RunningMoments moments;
  for (const double one : differences) moments.Add(one);
  if (moments.mean() == 0) return 1;
  const auto n = static_cast<double>(moments.count());
  const double error = std::sqrt(moments.variance() / n);
  // Rounding makes equal differences differ a little.
  if (error <= 1e-12 * std::abs(moments.mean())) return 0;
  return 2 *
         boost::math::cdf(boost::math::complement(boost::math::students_t(n - 1), std::abs(moments.mean()) / error));
}

// Calls `test(begin, end)`, which gives a place and its p, on every stretch in which there might be a change.
void Segment(size_t begin, size_t end, double alpha,
             const std::function<std::pair<size_t, double>(size_t, size_t)>& test, std::vector<ChangePoint>* found) {
  if (end - begin < 2) return;
  const auto [at, p] = test(begin, end);
  if (!(p < alpha)) return;
  Segment(begin, at, alpha, test, found);
  found->push_back({.at = at, .p = p});
  Segment(at, end, alpha, test, found);
}

void FillMeans(const std::vector<double>& values, std::vector<ChangePoint>* found) {
  for (size_t i = 0; i < found->size(); ++i) {
    ChangePoint& change = (*found)[i];
    change.before = Mean(values, i > 0 ? (*found)[i - 1].at : 0, change.at);
    change.after = Mean(values, change.at, i + 1 < found->size() ? (*found)[i + 1].at : values.size());
  }
}

}  // namespace

std::vector<ChangePoint> PairedChanges(const std::vector<std::vector<double>>& values, double alpha) {
  std::vector<ChangePoint> found;
  if (values.empty() || values[0].size() < 2) return found;
  const size_t samples = values[0].size();
  std::vector<double> means;
  for (const auto& version : values) {
    if (version.size() != samples) Fail("change points: {} samples beside {}", version.size(), samples);
    means.push_back(Mean(version, 0, samples));
  }
  const auto test = [&](size_t begin, size_t end) {
    const size_t at = LargestSplit(means, begin, end).at;
    std::vector<double> differences(samples, 0);
    for (size_t s = 0; s < samples; ++s) {
      double before = 0, after = 0;
      for (size_t v = begin; v < at; ++v) before += values[v][s];
      for (size_t v = at; v < end; ++v) after += values[v][s];
      differences[s] = after / static_cast<double>(end - at) - before / static_cast<double>(at - begin);
    }
    return std::pair(at, std::min(1.0, PairedP(differences) * static_cast<double>(end - begin - 1)));
  };
  Segment(0, values.size(), alpha, test, &found);
  FillMeans(means, &found);
  return found;
}

std::vector<ChangePoint> SeriesChanges(const std::vector<double>& values, double alpha) {
  std::vector<ChangePoint> found;
  const auto test = [&](size_t begin, size_t end) {
    const Split split = LargestSplit(values, begin, end);
    if (split.size == 0) return std::pair(split.at, 1.0);
    std::vector<double> order(values.begin() + static_cast<std::ptrdiff_t>(begin),
                              values.begin() + static_cast<std::ptrdiff_t>(end));
    SplitMix random(begin * 1000003 + end);
    int as_large = 0;
    for (int k = 0; k < kOrders; ++k) {
      for (size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[random.Below(i)]);
      as_large += LargestSplit(order, 0, order.size()).size >= split.size * (1 - 1e-12);
    }
    return std::pair(split.at, (1.0 + as_large) / (1.0 + kOrders));
  };
  Segment(0, values.size(), alpha, test, &found);
  FillMeans(values, &found);
  return found;
}

}  // namespace skipbench
