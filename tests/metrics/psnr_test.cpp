#include "metrics/psnr.h"

#include <gtest/gtest.h>

#include "tests/metrics/metric_example.h"

namespace skipbench {
namespace {

const bool psnr = testing::AddExample([] {
  return testing::MetricExample{
      .metric = "psnr",
      .reference = {testing::ExamplePicture(0), {}},
      .samples = {
          {testing::ExamplePicture(0), {}}, {testing::ExamplePicture(4), {}}, {testing::ExamplePicture(20), {}}}};
});

}  // namespace
}  // namespace skipbench
