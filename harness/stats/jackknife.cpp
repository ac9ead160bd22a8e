#include "harness/stats/jackknife.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "harness/base/error.h"

namespace skipbench {
namespace {

// The rows outside [begin, end).
std::vector<float> WithoutRows(const FeatureView& features, int64_t begin, int64_t end) {
  const auto first = features.Rows(0, begin).values, last = features.Rows(end, features.rows()).values;
  std::vector<float> rest(first.begin(), first.end());
  rest.insert(rest.end(), last.begin(), last.end());
  return rest;
}

}  // namespace

JackknifeEstimate Jackknife(double value, std::span<const double> without_block) {
  const auto blocks = static_cast<double>(without_block.size());
  JackknifeEstimate result{value, std::numeric_limits<double>::quiet_NaN(), static_cast<int64_t>(without_block.size())};
  if (!std::isfinite(value)) Fail("jackknife: the value is not finite: {}", value);
  double mean = 0;
  for (size_t k = 0; k < without_block.size(); ++k) {
    if (!std::isfinite(without_block[k]))
      Fail("jackknife: the value without block {} is not finite: {}", k, without_block[k]);
    mean += without_block[k] / blocks;
  }
  if (without_block.size() < 2) return result;
  double sum = 0;
  for (double one : without_block) sum += (one - mean) * (one - mean);
  result.standard_error = std::sqrt((blocks - 1) / blocks * sum);
  return result;
}

std::vector<int64_t> BlockBounds(int64_t samples, int64_t blocks) {
  if (samples < 1 || blocks < 1) Fail("jackknife: {} samples cannot be cut into {} blocks", samples, blocks);
  blocks = std::min(blocks, samples);
  std::vector<int64_t> bounds;
  for (int64_t k = 0; k <= blocks; ++k) bounds.push_back(samples * k / blocks);
  return bounds;
}

std::vector<int64_t> BlockOfRows(std::span<const int64_t> bounds, int64_t rows) {
  std::vector<int64_t> blocks(rows, kNoBlock);
  for (size_t b = 0; b + 1 < bounds.size(); ++b)
    for (int64_t i = bounds[b]; i < bounds[b + 1]; ++i) blocks[i] = static_cast<int64_t>(b);
  return blocks;
}

std::vector<double> FrechetWithoutBlock(std::span<const FeatureStatistics> blocks, const Gaussian& reference) {
  FeatureStatistics all;
  for (const FeatureStatistics& block : blocks) all.Merge(block);
  std::vector<double> distances;
  for (const FeatureStatistics& block : blocks)
    distances.push_back(FrechetDistance(all.Without(block).Normal(), reference).distance);
  return distances;
}

std::vector<double> FrechetWithoutBlock(const FeatureView& a, const FeatureView& b, bool paired, int64_t blocks) {
  CheckFeatures(a, "set A");
  CheckFeatures(b, "set B");
  if (paired && a.rows() != b.rows())
    Fail("jackknife: sets of the same samples, but A has {} and B {}", a.rows(), b.rows());
  const std::vector<int64_t> bounds = BlockBounds(a.rows(), blocks);
  std::vector<double> distances;
  for (size_t k = 0; k + 1 < bounds.size(); ++k) {
    const std::vector<float> rest_a = WithoutRows(a, bounds[k], bounds[k + 1]);
    const std::vector<float> rest_b = paired ? WithoutRows(b, bounds[k], bounds[k + 1]) : std::vector<float>();
    distances.push_back(
        FrechetDistance(FeatureView{rest_a, a.dimension}, paired ? FeatureView{rest_b, b.dimension} : b).distance);
  }
  return distances;
}

}  // namespace skipbench
