// The tree under a bound on open trajectories: the same results and the same evaluations, and the bound is kept.
#include <gtest/gtest.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

#include <random>
#include <set>

#include "harness/runtime/device.h"
#include "methods/fixed_path/fixed_path.h"
#include "methods/full_step/full_step.h"
#include "tests/sampling/fake_run.h"
#include "tests/sampling/random_method.h"
#include "tests/support/fixtures.h"

namespace skipbench {
namespace {

using testing::DistinctPredictions;
using testing::FakeDenoiser;
using testing::FakeRun;
using testing::FakeScheduler;
using testing::RandomMethod;

void ExpectSame(const TreeResult& a, const TreeResult& b) {
  for (size_t k = 0; k < a.records.size(); ++k)
    for (size_t s = 0; s < a.records[k].size(); ++s) {
      const auto &x = a.records[k][s], &y = b.records[k][s];
      EXPECT_EQ(x.decisions, y.decisions);
      testing::ExpectSameTraces(x.trace, y.trace);
      ASSERT_EQ(x.latents.size(), y.latents.size());
      for (size_t i = 0; i < x.latents.size(); ++i)
        ASSERT_TRUE(at::equal(x.latents[i], y.latents[i])) << "latent " << i;
      for (size_t i = 0; i < x.predictions.size(); ++i)
        ASSERT_TRUE(at::equal(x.predictions[i], y.predictions[i])) << "call " << i;
      EXPECT_TRUE(at::equal(x.final_latent, y.final_latent));
    }
}

// Random settings, a third of them by group in the second round, from no bound down to the least that is allowed.
TEST(TreeMemory, ABoundChangesNeitherResultsNorEvaluations) {
  for (const bool groups : {false, true})
    for (uint64_t round = 0; round < 2; ++round) {
      const FakeRun run{FakeScheduler(16, round % 2 == 1), 5};
      std::vector<RandomMethod> methods;
      for (uint64_t seed = 0; seed < 11; ++seed)
        methods.emplace_back(100 * round + seed, static_cast<int>(1 + (seed * 5 + round) % 13),
                             groups && seed % 3 == 0 ? Scope::kGroup : Scope::kSample);
      std::vector<const Method*> settings;
      for (const auto& method : methods) settings.push_back(&method);
      TreeOptions options;
      options.batch_size = 4;
      options.keep_latents = options.keep_predictions = true;
      options.group_size = groups ? 2 : 1;
      FakeDenoiser free_denoiser;
      const TreeResult free = run.Run(settings, options, &free_denoiser);
      EXPECT_EQ(free.full_evaluations, DistinctPredictions(free));
      const TreeNeeds needs = NeedsOfTree(settings, options);
      EXPECT_EQ(needs.side_by_side, (groups ? 2 : 1) * 11);
      EXPECT_EQ(needs.at_least, groups ? 2 * (1 + 4) : 1 + 3);
      for (int64_t bound = needs.at_least; bound <= 3 * needs.side_by_side; bound += 1 + bound / 3) {
        SCOPED_TRACE(fmt::format("groups {}, round {}, bound {}", groups, round, bound));
        options.max_states = bound;
        FakeDenoiser denoiser;
        const TreeResult bounded = run.Run(settings, options, &denoiser);
        EXPECT_LE(bounded.peak_states, bound);
        EXPECT_EQ(bounded.full_evaluations, free.full_evaluations);
        EXPECT_EQ(bounded.shallow_evaluations, free.shallow_evaluations);
        EXPECT_EQ(denoiser.full(), free.full_evaluations);
        ExpectSame(bounded, free);
      }
      options.max_states = needs.at_least - 1;
      FakeDenoiser denoiser;
      EXPECT_ERROR(run.Run(settings, options, &denoiser), fmt::format("11 settings need {} at least", needs.at_least));
    }
}

// The worst case of depth-first: settings that all part from each other, one after the other.
TEST(TreeMemory, SettingsThatPartOneByOneNeedLogarithmicallyMany) {
  std::vector<std::unique_ptr<Method>> methods;
  std::vector<const Method*> settings;
  for (int k = 1; k < 33; ++k) {
    Mask predict(40, 1);
    predict[k] = 0;
    methods.push_back(MakeFixedPath(predict, fmt::format("skip {}", k)));
    settings.push_back(methods.back().get());
  }
  TreeOptions options;
  options.max_states = 6;
  FakeDenoiser denoiser;
  const TreeResult result = FakeRun{FakeScheduler(40), 2}.Run(settings, options, &denoiser);
  EXPECT_LE(result.peak_states, 6);
  EXPECT_EQ(result.full_evaluations, DistinctPredictions(result));
}

TEST(TreeMemory, ProgressEndsAtOne) {
  const RandomMethod a(1, 3), b(2, 3), c(3, 5);
  for (const int64_t bound : {0, 2}) {
    std::vector<double> seen;
    TreeOptions options;
    options.max_states = bound;
    options.progress = [&](double part) { seen.push_back(part); };
    FakeDenoiser denoiser;
    FakeRun{FakeScheduler(9), 3}.Run({&a, &b, &c}, options, &denoiser);
    EXPECT_TRUE(std::is_sorted(seen.begin(), seen.end()));
    EXPECT_DOUBLE_EQ(seen.back(), 1);
  }
}

// What is shared is one tensor, until somebody writes: settings that part at call 5 have one storage for all that was
// before, and a prediction that is used again is the same tensor still.
TEST(TreeMemory, StateIsClonedByReference) {
  Mask predict(10, 1), skips = predict;
  skips[5] = 0;
  const auto one = MakeFixedPath(predict, "one"), other = MakeFixedPath(skips, "other");
  TreeOptions options;
  options.keep_latents = options.keep_predictions = true;
  FakeDenoiser denoiser;
  const TreeResult result = FakeRun{FakeScheduler(10), 2}.Run({one.get(), other.get()}, options, &denoiser);
  for (int s = 0; s < 2; ++s) {
    const auto &a = result.records[0][s], &b = result.records[1][s];
    for (int i = 0; i <= 10; ++i)
      EXPECT_EQ(a.latents[i].const_data_ptr() == b.latents[i].const_data_ptr(), i <= 5) << i;
    for (int call = 0; call < 10; ++call)
      EXPECT_EQ(a.predictions[call].const_data_ptr() == b.predictions[call].const_data_ptr(), call < 5) << call;
    EXPECT_EQ(b.predictions[5].const_data_ptr(), b.predictions[4].const_data_ptr());
  }
}

// Latents and features big enough to see in the process's memory.
class BigDenoiser : public Denoiser {
 public:
  DenoiserOutput Predict(const DenoiserInput& input) override {
    DenoiserOutput output;
    const at::Tensor f = at::sin(input.sample);
    output.model_output = at::stack({f, f});
    for (const CacheSite& site : input.keep) output.kept[site] = output.model_output.repeat({1, 1, 4, 1, 1});
    return output;
  }
  int guidance_rows() const override { return 2; }
  at::Tensor Guide(const at::Tensor& model_output) const override { return model_output[1]; }
  std::unique_ptr<DenoiserProbe> Probe(const DenoiserInput&, const ProbeSite&) override { return nullptr; }
  NetworkAbilities abilities() const override { return {.cache_positions = 2}; }
  MacCount Macs(const Work&) const override { return {}; }
};

TEST(TreeMemory, TheProcessGrowsByWhatTheStatesTake) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "AddressSanitizer holds freed memory back";
#endif
#ifdef __GLIBC__
  mallopt(M_MMAP_THRESHOLD, 1 << 16);  // what is freed leaves the process: no fragments of a heap are measured
#endif
  const int64_t shape[] = {2, 128, 128};
  const double latent = 4.0 * 2 * 128 * 128;
  // Latent, scheduler history and one past latent, two guidance rows of the output, 2 cache positions of features with
  // 8 channels and 2 guidance rows.
  const double state = latent * (1 + 1 + 1 + 2 + 2 * 2 * 4);
  std::vector<RandomMethod> methods;
  for (uint64_t seed = 0; seed < 16; ++seed) methods.emplace_back(seed, 2);
  std::vector<const Method*> settings;
  for (const auto& method : methods) settings.push_back(&method);
  std::map<int64_t, double> grown;
  for (const int64_t bound : {8, 64}) {
    std::vector<std::unique_ptr<NoiseStream>> streams;
    std::vector<TreeSample> samples;
    for (int64_t s = 0; s < 4; ++s) {
      streams.push_back(CounterNoise(1)->Open(s, s, shape));
      samples.push_back({s, streams.back().get()});
    }
    TreeOptions options;
    options.max_states = bound;
    options.batch_size = 2;
    BigDenoiser denoiser;
    const PeakMemory peak(at::kCPU);
    RunTree(FakeScheduler(10), denoiser, samples, settings, shape, at::kFloat, at::kCPU, options);
    if (!peak.Bytes()) GTEST_SKIP() << "no peak memory on this system";
    grown[bound] = static_cast<double>(*peak.Bytes());
    // Everything twice while a step is computed; final latents and a batch of the network beside it.
    EXPECT_LE(grown[bound], 2 * state * static_cast<double>(bound) + 100 * latent + 16e6) << "bound " << bound;
  }
  EXPECT_LT(grown[8], grown[64] / 3);
}

}  // namespace
}  // namespace skipbench
