#include "harness/cli/distances.h"

#include <algorithm>

#include "harness/evaluation/result_distances.h"
#include "metrics/torch_solver.h"

namespace skipbench::cli {
namespace {

size_t PlaceOf(const TableDistance& distance, skipbench::Table* table) {
  for (size_t d = 0; d < table->distances.size(); ++d)
    if (table->distances[d].metric == distance.metric && table->distances[d].against == distance.against) return d;
  table->distances.push_back(distance);
  for (auto& row : table->rows) row.distances.emplace_back();
  return table->distances.size() - 1;
}

}  // namespace

skipbench::Table MakeFullTable(const ResultReader& result) {
  skipbench::Table table = MakeTable(result);
  for (const auto& distance : ResultDistances(result, TorchSolver())) {
    const MetricRow& row = distance.row;
    const size_t place =
        PlaceOf({row.metric, distance.against == Against::kData ? "data" : "reference", row.unit}, &table);
    table.rows[distance.setting].distances[place] = DistanceValue{
        row.value, row.low, row.high, row.standard_error, row.count, row.available, row.interval, row.note};
  }
  if (const auto plan = FindSetMetricPlan(result))
    for (const auto& [metric, why] : plan->missing) table.unavailable[FeatureColumn(metric)] = why;
  return table;
}

}  // namespace skipbench::cli
