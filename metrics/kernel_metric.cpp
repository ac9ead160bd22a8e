#include "metrics/kernel_metric.h"

#include <algorithm>
#include <cmath>

#include "harness/base/error.h"
#include "harness/stats/kernel_distance.h"
#include "metrics/backbones/feature_network.h"

namespace skipbench {
namespace {

std::vector<MeasuredValue> Measure(const SetMetric& metric, const FeatureSetPair& sets, const SetOptions& options) {
  const auto& [a, b, paired] = sets;
  RequireFeatures(metric, a);
  RequireFeatures(metric, b);
  KernelDistanceOptions kernel;
  kernel.subsets = options.kernel_subsets;
  kernel.subset_size = std::min({options.kernel_subset_size, a.count(), b.count()});
  if (kernel.subset_size < 2)
    Fail("{}: {} and {} have {} and {} samples; at least two each are needed", metric.name, a.description,
         b.description, a.count(), b.count());
  // A subset of all rows is the same whichever rows are drawn.
  const bool all = kernel.subset_size == a.count() && kernel.subset_size == b.count();
  if (all) kernel.subsets = 1;
  const KernelDistance distance = KernelInceptionDistance(a.view(), b.view(), kernel, {BlocksOf(a, options), paired});
  MeasuredValue value{.metric = metric.columns[0], .value = distance.mean, .count = a.count()};
  value.note = all ? "over all pictures at once"
                   : fmt::format("mean over {} subsets of {}, their standard deviation is {:.3g}", distance.subsets,
                                 distance.subset_size, distance.stddev);
  if (paired) value.note += "; pairs: a picture is not compared with its own partner";
  SetInterval(distance.without_block, paired, -HUGE_VAL, HUGE_VAL, &value);
  return {value};
}

}  // namespace

SetMetric KernelMetric(const std::string& name, const std::string& network) {
  return {.name = name,
          .columns = {{.name = name, .title = name, .better = Direction::kLower}},
          .network = network,
          .needs_features = true,
          .of_clips = TakesClips(network),
          .of_features = Measure};
}

}  // namespace skipbench
