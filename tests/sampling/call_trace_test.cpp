// What "traces" records of a trajectory is what its latents and predictions say.
#include <gtest/gtest.h>

#include <cmath>

#include "methods/adaptive_diffusion/adaptive_diffusion.h"
#include "methods/full_step/full_step.h"
#include "tests/sampling/fake_run.h"

namespace skipbench {
namespace {

using testing::FakeDenoiser;
using testing::FakeRun;
using testing::FakeScheduler;

// Sums over the difference of order `order` that ends in `series[i]`, float64.
void ExpectSums(const DifferenceSums& sums, const std::vector<at::Tensor>& series, int i) {
  const auto x = [&](int k) { return series[k].to(at::kDouble); };
  const auto expect = [](double value, const at::Tensor& expected, double scale) {
    EXPECT_NEAR(value, expected.sum().item<double>(), 1e-12 * scale);
  };
  const double scale = x(i).abs().sum().item<double>();
  expect(sums.self_abs, x(i).abs(), scale);
  for (int order = 1; order <= 3; ++order) {
    if (order > i) {
      EXPECT_TRUE(std::isnan(sums.abs[order - 1])) << "order " << order << ", call " << i;
      continue;
    }
    const at::Tensor difference = order == 1   ? x(i) - x(i - 1)
                                  : order == 2 ? x(i) - 2 * x(i - 1) + x(i - 2)
                                               : x(i) - 3 * x(i - 1) + 3 * x(i - 2) - x(i - 3);
    expect(sums.abs[order - 1], difference.abs(), scale);
    expect(sums.square[order - 1], difference.square(), scale * scale);
  }
}

TEST(CallTrace, IsRecomputedFromLatentsAndPredictions) {
  const auto full = MakeFullStep();
  const auto one = MakeAdaptiveDiffusion({.delta = 0.1}),
             other = MakeAdaptiveDiffusion({.delta = 0.5, .scope = Scope::kGroup});
  TreeOptions options;
  options.keep_latents = options.keep_predictions = options.keep_differences = true;
  options.group_size = 2;
  options.reference = 1;
  FakeDenoiser denoiser;
  const TreeResult result =
      FakeRun{FakeScheduler(12, true), 3}.Run({one.get(), full.get(), other.get()}, options, &denoiser);
  for (const auto& setting : result.records)
    for (size_t s = 0; s < setting.size(); ++s) {
      const auto& record = setting[s];
      ASSERT_EQ(record.calls.size(), 12u);
      std::vector<at::Tensor> guided;
      for (const auto& model_output : record.predictions) guided.push_back(denoiser.Guide(model_output));
      const std::vector<at::Tensor> latents(record.latents.begin() + 1, record.latents.end());
      for (int call = 0; call < 12; ++call) {
        ExpectSums(record.calls[call].latent, latents, call);
        ExpectSums(record.calls[call].prediction, guided, call);
        const at::Tensor reference = result.records[1][s].latents[call + 1].to(at::kDouble);
        const double square = reference.square().sum().item<double>();
        EXPECT_NEAR(record.calls[call].error_square,
                    (latents[call].to(at::kDouble) - reference).square().sum().item<double>(), 1e-12 * square);
        EXPECT_NEAR(record.calls[call].reference_square, square, 1e-12 * square);
      }
    }
  EXPECT_EQ(result.records[1][0].calls[11].error_square, 0);
  EXPECT_GT(result.records[2][0].calls[11].error_square, 0);
}

TEST(CallTrace, IsNotRecordedUnlessAskedFor) {
  const auto full = MakeFullStep();
  FakeDenoiser denoiser;
  const FakeRun run{FakeScheduler(5), 1};
  EXPECT_TRUE(run.Run({full.get()}, {}, &denoiser).records[0][0].calls.empty());
  TreeOptions options;
  options.keep_differences = true;
  const auto alone = run.Run({full.get()}, options, &denoiser).records[0][0];
  EXPECT_TRUE(std::isnan(alone.calls[4].error_square)) << "there is nothing to measure from";
}

}  // namespace
}  // namespace skipbench
