#include "metrics/latent_error.h"

#include <gtest/gtest.h>

#include "tests/metrics/metric_example.h"

namespace skipbench {
namespace {

const bool latent_error = testing::AddExample([] {
  const at::Tensor latent = at::arange(16).to(at::kFloat).reshape({4, 2, 2});
  return testing::MetricExample{.metric = "latent_error",
                                .reference = {{}, latent},
                                .samples = {{{}, latent}, {{}, latent + 0.25}, {{}, latent + 3}}};
});

}  // namespace
}  // namespace skipbench
