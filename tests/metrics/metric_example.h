// What a metric brings to the conformance test: a file of its own with one of these.
#pragma once

#include <ATen/ATen.h>

#include <string>
#include <vector>

#include "metrics/catalog.h"

namespace skipbench::testing {

struct MetricExample {
  std::string metric;  // its name in the catalog; of a family of sets one member is enough
  // Of single samples: from the best to the worst; the first one is as good as can be.
  MetricInput reference = {};
  std::vector<MetricInput> samples = {};
  // Of sets: the same of features, or of errors (batches of one).
  FeatureSet reference_set = {};
  std::vector<FeatureSet> sets = {};
  std::vector<std::vector<SquaredError>> errors = {};
};

inline std::vector<MetricExample>& MetricExamples() {
  static std::vector<MetricExample> examples;
  return examples;
}

// `static const bool registered = testing::AddExample([] { return MetricExample{...}; });`
template <typename Make>
bool AddExample(Make make) {
  MetricExamples().push_back(make());
  return true;
}

// uint8 [3, side, side] of a gentle pattern; `noise` in 8-bit steps is what tells it from that of noise 0.
inline at::Tensor ExamplePicture(int noise, int64_t side = 32) {
  const at::Tensor ramp = at::arange(3 * side * side).reshape({3, side, side});
  const at::Tensor pattern = 40 + (ramp * 7) % 120;
  return (pattern + noise * ((ramp * 13) % 3 - 1)).to(at::kByte);
}

// Features of n samples, `shift` standard deviations from those of shift 0, which are the same samples.
FeatureSet ExampleFeatures(float shift, int64_t n = 60, int64_t dimension = 4);

}  // namespace skipbench::testing
