#include "metrics/precision_recall_metric.h"

#include <gtest/gtest.h>

#include "tests/metrics/metric_example.h"

namespace skipbench {
namespace {

const bool precision_recall = testing::AddExample([] {
  return testing::MetricExample{
      .metric = "prc:fashion",
      .reference_set = testing::ExampleFeatures(0),
      .sets = {testing::ExampleFeatures(0), testing::ExampleFeatures(1.5f), testing::ExampleFeatures(4)}};
});

}  // namespace
}  // namespace skipbench
