#include "metrics/lpips.h"

#include <gtest/gtest.h>

#include "tests/metrics/metric_example.h"

namespace skipbench {
namespace {

const bool lpips_alex = testing::AddExample([] {
  return testing::MetricExample{
      .metric = "lpips:alex",
      .reference = {testing::ExamplePicture(0), {}},
      .samples = {
          {testing::ExamplePicture(0), {}}, {testing::ExamplePicture(4), {}}, {testing::ExamplePicture(20), {}}}};
});

const bool lpips_vgg = testing::AddExample([] {
  return testing::MetricExample{
      .metric = "lpips:vgg",
      .reference = {testing::ExamplePicture(0), {}},
      .samples = {
          {testing::ExamplePicture(0), {}}, {testing::ExamplePicture(4), {}}, {testing::ExamplePicture(20), {}}}};
});

}  // namespace
}  // namespace skipbench
