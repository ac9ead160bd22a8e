#include "metrics/frechet_metric.h"

#include <gtest/gtest.h>

#include "tests/metrics/metric_example.h"

namespace skipbench {
namespace {

const bool frechet = testing::AddExample([] {
  return testing::MetricExample{
      .metric = "fd:fashion",
      .reference_set = testing::ExampleFeatures(0),
      .sets = {testing::ExampleFeatures(0), testing::ExampleFeatures(1.5f), testing::ExampleFeatures(4)}};
});

}  // namespace
}  // namespace skipbench
