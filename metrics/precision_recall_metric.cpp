#include "metrics/precision_recall_metric.h"

#include "harness/base/error.h"
#include "harness/stats/precision_recall.h"
#include "metrics/backbones/feature_network.h"

namespace skipbench {
namespace {

std::vector<MeasuredValue> Measure(const SetMetric& metric, const FeatureSetPair& sets, const SetOptions& options) {
  const auto& [a, b, paired] = sets;
  RequireFeatures(metric, a);
  RequireFeatures(metric, b);
  for (const FeatureSet* set : {&a, &b})
    if (set->count() <= options.neighbours)
      Fail("{}: {} has {} samples; more than {} are needed", metric.name, set->description, set->count(),
           options.neighbours);
  const PrecisionRecallBlocks result =
      ComputePrecisionRecall(a.view(), b.view(), paired, BlocksOf(a, options), options.neighbours);
  const std::string note = fmt::format("k = {}", options.neighbours);
  MeasuredValue precision{
      .metric = metric.columns[0], .value = result.whole.precision, .count = a.count(), .note = note},
      recall{.metric = metric.columns[1], .value = result.whole.recall, .count = b.count(), .note = note};
  std::vector<double> precisions, recalls;
  for (const auto& one : result.without_block) {
    precisions.push_back(one.precision);
    recalls.push_back(one.recall);
  }
  SetInterval(precisions, paired, 0, 1, &precision);
  SetInterval(recalls, paired, 0, 1, &recall);
  return {precision, recall};
}

}  // namespace

SetMetric PrecisionRecallMetric(const std::string& name, const std::string& network) {
  SetMetric metric{.name = name,
                   .network = network,
                   .needs_features = true,
                   .of_clips = TakesClips(network),
                   .of_features = Measure};
  for (const char* column : {" precision", " recall"})
    metric.columns.push_back(
        {.name = name + column, .title = name + column, .part_of = name, .better = Direction::kHigher});
  return metric;
}

}  // namespace skipbench
