#include "metrics/paper_metrics.h"

#include <gtest/gtest.h>

#include "tests/metrics/metric_example.h"

namespace skipbench {
namespace {

const bool psnr = testing::AddExample([] {
  return testing::MetricExample{.metric = "psnr:paper",
                                .errors = {{{10, 100, 200}, {12, 100, 200}}, {{40, 100, 200}, {50, 100, 200}}}};
});

const bool fvd = testing::AddExample([] {
  return testing::MetricExample{
      .metric = "fvd:paper",
      .reference_set = testing::ExampleFeatures(0),
      .sets = {testing::ExampleFeatures(0), testing::ExampleFeatures(1.5f), testing::ExampleFeatures(4)}};
});

}  // namespace
}  // namespace skipbench
