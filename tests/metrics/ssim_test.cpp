#include "metrics/ssim.h"

#include <gtest/gtest.h>

#include "tests/metrics/metric_example.h"

namespace skipbench {
namespace {

const bool ssim = testing::AddExample([] {
  return testing::MetricExample{
      .metric = "ssim",
      .reference = {testing::ExamplePicture(0), {}},
      .samples = {
          {testing::ExamplePicture(0), {}}, {testing::ExamplePicture(4), {}}, {testing::ExamplePicture(20), {}}}};
});

const bool ssim_reflect = testing::AddExample([] {
  return testing::MetricExample{
      .metric = "ssim:reflect",
      .reference = {testing::ExamplePicture(0), {}},
      .samples = {
          {testing::ExamplePicture(0), {}}, {testing::ExamplePicture(4), {}}, {testing::ExamplePicture(20), {}}}};
});

}  // namespace
}  // namespace skipbench
