#include "metrics/frechet_metric.h"

#include <cmath>

#include "harness/base/error.h"
#include "harness/stats/frechet.h"
#include "harness/stats/jackknife.h"
#include "metrics/backbones/feature_network.h"

namespace skipbench {
namespace {

void RequireTwo(const SetMetric& metric, const FeatureSet& set) {
  if (!set.compares_normals() && set.count() < 2)
    Fail("{}: {} has {} sample{}; a covariance needs at least two", metric.name, set.description, set.count(),
         set.count() == 1 ? "" : "s");
}

// Samples that the distance is of; 0: a file that does not say.
int64_t CountOf(const FeatureSet& set) {
  return set.compares_normals() && set.normal ? set.normal->count : set.count();
}

Gaussian NormalOf(const FeatureSet& set) { return set.normal ? *set.normal : StatisticsOf(set.view()).Normal(); }

// The distance with what it is without each block of samples.
struct Estimate {
  FrechetResult whole;
  std::vector<double> without_block;
};

Estimate AgainstNormal(const FeatureSet& features, const Gaussian& normal, int64_t blocks) {
  std::vector<FeatureStatistics> parts;
  const auto bounds = BlockBounds(features.count(), std::max<int64_t>(1, blocks));
  FeatureStatistics all;
  for (size_t k = 0; k + 1 < bounds.size(); ++k) {
    parts.push_back(StatisticsOf(features.view().Rows(bounds[k], bounds[k + 1])));
    all.Merge(parts.back());
  }
  Estimate estimate{FrechetDistance(all.Normal(), normal), {}};
  if (blocks > 1 && features.count() > 2) estimate.without_block = FrechetWithoutBlock(parts, normal);
  return estimate;
}

Estimate EstimateDistance(const FeatureSet& a, const FeatureSet& b, bool paired, int64_t blocks) {
  if (!a.compares_normals() && !b.compares_normals()) {
    Estimate estimate{FrechetDistance(a.view(), b.view()), {}};
    // Leaving out a block has to leave two samples.
    if (blocks > 1 && a.count() > 2 && (!paired || b.count() > 2))
      estimate.without_block = FrechetWithoutBlock(a.view(), b.view(), paired, blocks);
    return estimate;
  }
  if (!a.compares_normals()) return AgainstNormal(a, NormalOf(b), blocks);
  if (!b.compares_normals()) return AgainstNormal(b, NormalOf(a), blocks);
  return {FrechetDistance(NormalOf(a), NormalOf(b)), {}};
}

// A distance warned of is not mended; whoever reads it has to know.
std::string TooFew(const SetMetric& metric, const FeatureSet& a, const FeatureSet& b) {
  const char* things = metric.of_clips ? "clips" : "pictures";
  const auto few = [](const FeatureSet& set) { return CountOf(set) > 0 && CountOf(set) <= set.dimension; };
  if (!few(a) && !few(b)) return "";
  std::string sets = few(a) ? fmt::format("{} {}", CountOf(a), things) : "";
  if (few(b) && !(few(a) && CountOf(a) == CountOf(b)))
    sets += fmt::format("{}{} reference {}", few(a) ? " and " : "", CountOf(b), things);
  return fmt::format("{} for {} dimensions: the covariance is singular and the distance biased upwards", sets,
                     a.dimension);
}

std::vector<MeasuredValue> Measure(const SetMetric& metric, const FeatureSetPair& sets, const SetOptions& options) {
  const auto& [a, b, pairs] = sets;
  RequireTwo(metric, a);
  RequireTwo(metric, b);
  const bool paired = pairs && !a.compares_normals() && !b.compares_normals();
  const Estimate estimate = EstimateDistance(a, b, paired, options.blocks);
  MeasuredValue value{.metric = metric.columns[0], .value = estimate.whole.distance, .count = CountOf(a)};
  value.note = TooFew(metric, a, b);
  SetInterval(estimate.without_block, paired, -HUGE_VAL, HUGE_VAL, &value);
  return {value};
}

}  // namespace

SetMetric FrechetMetric(const std::string& name, const std::string& network) {
  return {.name = name,
          .columns = {{.name = name, .title = name, .better = Direction::kLower}},
          .network = network,
          .of_clips = TakesClips(network),
          .of_features = Measure};
}

}  // namespace skipbench
