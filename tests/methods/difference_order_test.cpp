#include "methods/difference_order/difference_order.h"

#include "methods/adaptive_diffusion/adaptive_diffusion.h"
#include "tests/methods/conformance.h"
#include "tests/sampling/fake_run.h"
#include "tests/support/fixtures.h"

namespace skipbench {

METHOD_EXAMPLES(DifferenceOrder, {"difference_order", {{"order", 1}, {"delta", 0.3}}},
                {"difference_order", {{"order", 2}, {"delta", 0.3}, {"norm", "l2"}}},
                {"difference_order", {{"order", 3}, {"delta", 0.3}, {"scope", "group"}}});

namespace {

using testing::FakeDenoiser;
using testing::FakeRun;
using testing::FakeScheduler;

// The rule applied to the kept latents, in plain words: which calls predict.
std::vector<bool> Expected(const std::vector<at::Tensor>& latents, const DifferenceOrderOptions& options) {
  const int calls = static_cast<int>(latents.size()) - 1;
  const auto x = [&](int i) { return latents[i + 1].to(at::kDouble); };
  const auto norm = [&](const at::Tensor& t) {
    return options.norm == DifferenceOrderOptions::Norm::kL2 ? t.norm().item<double>() : t.abs().mean().item<double>();
  };
  std::vector<bool> predicts(calls, true);
  for (int i = 3; i + 1 < calls; ++i) {
    int run = 0;  // decisions that skip, up to this one
    while (i - run >= 4 && !predicts[i - run]) ++run;
    if (i - 3 > 4 && run >= options.max_skips) continue;
    const at::Tensor difference = options.order == 1   ? x(i) - x(i - 1)
                                  : options.order == 2 ? x(i) - 2 * x(i - 1) + x(i - 2)
                                                       : x(i) - 3 * x(i - 1) + 3 * x(i - 2) - x(i - 3);
    const at::Tensor yardstick = options.order == 1 ? x(i - 1) : x(i - 1) - x(i - 2);
    predicts[i + 1] = norm(difference) >= options.delta * norm(yardstick);
  }
  return predicts;
}

std::vector<bool> Mask(const TrajectoryRecord& record) {
  std::vector<bool> predicts;
  for (const auto& decision : record.decisions) predicts.push_back(decision.action == Action::kPredict);
  return predicts;
}

TEST(DifferenceOrder, EachOrderFollowsItsFormula) {
  for (int order = 1; order <= 3; ++order)
    for (const auto norm : {DifferenceOrderOptions::Norm::kMeanAbs, DifferenceOrderOptions::Norm::kL2}) {
      bool skipped = false, refused = false, capped = false;
      for (const double delta : {0.01, 0.03, 0.1, 0.3, 1e3}) {
        const DifferenceOrderOptions options{.order = order, .delta = delta, .max_skips = 2, .norm = norm};
        const auto method = MakeDifferenceOrder(options);
        TreeOptions keep;
        keep.keep_latents = true;
        FakeDenoiser denoiser;
        const TreeResult result = FakeRun{FakeScheduler(20), 3}.Run({method.get()}, keep, &denoiser);
        for (const auto& record : result.records[0]) {
          const auto mask = Mask(record);
          EXPECT_EQ(mask, Expected(record.latents, options)) << method->Label();
          for (int call = 4; call < 20; ++call) {
            skipped |= !mask[call];
            refused |= mask[call] && record.trace.at("forced")[call - 1] == 0;
            capped |= record.trace.at("forced")[call - 1] == 1;
          }
        }
      }
      EXPECT_TRUE(skipped && refused && capped) << "order " << order << ": the deltas do not try the rule";
    }
}

TEST(DifferenceOrder, OrderThreeIsThePapersFormula) {
  for (const Scope scope : {Scope::kSample, Scope::kGroup})
    for (const double delta : {0.05, 0.2, 0.5}) {
      const auto order = MakeDifferenceOrder({.order = 3, .delta = delta, .max_skips = 3, .scope = scope});
      const auto paper = MakeAdaptiveDiffusion(
          {.delta = delta, .max_skips = 3, .criterion = AdaptiveDiffusionOptions::Criterion::kTensor, .scope = scope});
      TreeOptions groups;
      groups.group_size = 2;
      FakeDenoiser denoiser;
      const TreeResult result = FakeRun{FakeScheduler(20), 4}.Run({order.get(), paper.get()}, groups, &denoiser);
      for (int s = 0; s < 4; ++s) EXPECT_EQ(result.records[0][s].decisions, result.records[1][s].decisions);
    }
}

}  // namespace
}  // namespace skipbench
