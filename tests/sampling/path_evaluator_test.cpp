#include "harness/sampling/path_evaluator.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

#include "methods/fixed_path/precomputed_path.h"
#include "methods/greedy_search/greedy_search.h"
#include "tests/sampling/fake_run.h"
#include "tests/support/fixtures.h"

namespace skipbench {
namespace {

using testing::FakeDenoiser;
using testing::FakeRun;
using testing::FakeScheduler;
using testing::kShape;

// An evaluator over the fake network, which also keeps what it was asked.
class FakeEvaluator : public TrajectoryEvaluator {
 public:
  explicit FakeEvaluator(int calls, int samples = 3, PathEvaluatorOptions options = {}, bool stochastic = false)
      : scheduler_(calls, stochastic), source_(CounterNoise(3)) {
    for (int s = 0; s < samples; ++s) {
      streams_.push_back(source_->Open(100 + s, s, kShape));
      list_.push_back({100 + s, streams_.back().get()});
    }
    // Alone in its call an element's value depends on nothing else, so that results can be compared bit by bit.
    if (options.batch_size == 16) options.batch_invariant = true;
    evaluator_ = std::make_unique<PathEvaluator>(scheduler_, denoiser, list_, at::kFloat, at::kCPU, std::move(options));
  }
  int samples() const override { return evaluator_->samples(); }
  int calls() const override { return evaluator_->calls(); }
  std::vector<double> Errors(std::span<const PathQuery> queries) override {
    asked.insert(asked.end(), queries.begin(), queries.end());
    return evaluator_->Errors(queries);
  }
  PathEvaluator& evaluator() { return *evaluator_; }

  FakeDenoiser denoiser;
  std::vector<PathQuery> asked;

 private:
  FakeScheduler scheduler_;
  std::unique_ptr<NoiseSource> source_;
  std::vector<std::unique_ptr<NoiseStream>> streams_;
  std::vector<TreeSample> list_;
  std::unique_ptr<PathEvaluator> evaluator_;
};

// The same error from whole runs by the reference loop, which knows nothing of evaluators.
double SeparateError(const PathQuery& query, bool stochastic = false) {
  const int calls = static_cast<int>(query.mask.size());
  const auto final_latent = [&](const Mask& mask) {
    PrecomputedPaths path;
    path.shared = mask;
    FakeDenoiser denoiser;
    return FakeRun{FakeScheduler(calls, stochastic), query.sample + 1}
        .RunAlone(*MakePrecomputedPath("fixed_path", "path", path), query.sample, &denoiser)
        .final_latent.to(at::kDouble);
  };
  return (final_latent(query.mask) - final_latent(Mask(calls, 1))).square().sum().sqrt().item<double>();
}

std::vector<PathQuery> SomeQueries(int calls, int samples, int count, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<PathQuery> queries;
  for (int i = 0; i < count; ++i)
    queries.push_back(
        {static_cast<int>(random() % samples), RandomMask(calls, static_cast<int>(random() % calls), random())});
  return queries;
}

// Predictions that cannot be avoided: distinct (sample, decisions so far) that end in one.
int64_t DistinctPredictions(std::vector<PathQuery> queries, int samples, int calls) {
  for (int s = 0; s < samples; ++s) queries.push_back({s, Mask(calls, 1)});
  std::set<PathQuery> distinct;
  for (const auto& query : queries)
    for (int depth = 1; depth <= calls; ++depth)
      if (query.mask[depth - 1]) distinct.insert({query.sample, Mask(query.mask.begin(), query.mask.begin() + depth)});
  return static_cast<int64_t>(distinct.size());
}

TEST(PathEvaluator, ErrorsAreThoseOfSeparateRuns) {
  for (const bool stochastic : {false, true}) {
    FakeEvaluator evaluator(9, 3, {}, stochastic);
    const auto queries = SomeQueries(9, 3, 40, 1);
    const auto errors = evaluator.Errors(queries);
    for (size_t i = 0; i < queries.size(); ++i)
      EXPECT_NEAR(errors[i], SeparateError(queries[i], stochastic), 1e-12) << ToString(queries[i].mask);
  }
}

TEST(PathEvaluator, PredictsEveryDistinctPrefixOnce) {
  FakeEvaluator evaluator(11);
  const auto queries = SomeQueries(11, 3, 60, 2);
  evaluator.Errors(queries);
  EXPECT_EQ(evaluator.evaluator().cost().evaluations, DistinctPredictions(queries, 3, 11));
  EXPECT_EQ(evaluator.denoiser.full(), evaluator.evaluator().cost().evaluations);
  int64_t naive = 3 * 11;
  for (const auto& query : queries)
    if (CountSkips(query.mask) > 0) naive += 11 - CountSkips(query.mask);
  EXPECT_EQ(evaluator.evaluator().cost().naive_evaluations, naive);
}

TEST(PathEvaluator, WhatTheLastCallComputedIsNotComputedAgain) {
  FakeEvaluator evaluator(11);
  const auto queries = SomeQueries(11, 3, 30, 3);
  const auto first = evaluator.Errors(queries);
  const int64_t before = evaluator.denoiser.full();
  int64_t last_calls = 0;  // final latents are not kept: only the last call of a path is made again
  std::set<PathQuery> distinct(queries.begin(), queries.end());
  for (const auto& query : distinct) last_calls += CountSkips(query.mask) > 0 && query.mask.back();
  EXPECT_EQ(evaluator.Errors(queries), first);
  EXPECT_EQ(evaluator.denoiser.full() - before, last_calls);
}

TEST(PathEvaluator, BatchesOverPathsAndSamples) {
  PathEvaluatorOptions options;
  options.batch_size = 8;
  FakeEvaluator evaluator(11, 3, options);
  const auto queries = SomeQueries(11, 3, 60, 2);
  const auto errors = evaluator.Errors(queries);
  EXPECT_EQ(evaluator.denoiser.largest_batch, 8);
  FakeEvaluator alone(11);
  const auto expected = alone.Errors(queries);
  for (size_t i = 0; i < errors.size(); ++i) EXPECT_NEAR(errors[i], expected[i], 1e-5);
}

TEST(PathEvaluator, LittleMemoryCostsEvaluationsButNotResults) {
  FakeEvaluator rich(11);
  const auto queries = SomeQueries(11, 3, 80, 4);
  const auto expected = rich.Errors(queries);
  // A state is a latent, a history tensor and two guidance rows of an output: 4 * 30 floats.
  int64_t last = rich.denoiser.full();
  for (const int64_t states : {2000, 60, 20, 1}) {
    PathEvaluatorOptions options;
    options.memory_bytes = states * 4 * 30 * 4;
    size_t portions = 0;
    options.answered = [&](std::span<const PathQuery> some, std::span<const double> errors) {
      ++portions;
      ASSERT_EQ(some.size(), errors.size());
      for (size_t i = 0; i < some.size(); ++i) {
        const auto place = std::find(queries.begin(), queries.end(), some[i]) - queries.begin();
        EXPECT_EQ(errors[i], expected[place]);
      }
    };
    FakeEvaluator poor(11, 3, options);
    EXPECT_EQ(poor.Errors(queries), expected) << states;
    EXPECT_GE(poor.denoiser.full(), last) << states;
    last = poor.denoiser.full();
    EXPECT_EQ(portions > 1, states < 2000) << states;
  }
}

TEST(PathEvaluator, MasksThatDoNotFitAreErrors) {
  FakeEvaluator evaluator(5);
  auto ask = [&](int sample, Mask mask) { evaluator.Errors(std::vector<PathQuery>{{sample, std::move(mask)}}); };
  EXPECT_ERROR(ask(0, {1, 1, 0}), "sample 100: the mask 110 has 3 entries, the run makes 5 scheduler calls");
  EXPECT_ERROR(ask(1, {0, 1, 1, 1, 1}), "sample 101: the mask 01111 skips call 0");
  EXPECT_ERROR(ask(0, {1, 2, 1, 1, 1}), "found 2");
  EXPECT_ERROR(ask(7, {1, 1, 1, 1, 1}), "sample number 7");
  EXPECT_TRUE(evaluator.Errors({}).empty());
}

TEST(PathEvaluator, FullNormsAreThoseOfTheFullLatents) {
  FakeEvaluator evaluator(6);
  const auto norms = evaluator.evaluator().FullNorms();
  FakeDenoiser denoiser;
  PrecomputedPaths full;
  full.shared = Mask(6, 1);
  const auto method = MakePrecomputedPath("fixed_path", "full", full);
  TreeOptions options;
  options.batch_invariant = true;
  const auto result = FakeRun{FakeScheduler(6), 3}.Run({method.get()}, options, &denoiser);
  for (int s = 0; s < 3; ++s)
    EXPECT_NEAR(norms[s], result.records[0][s].final_latent.to(at::kDouble).norm().item<double>(), 1e-12);
}

// Greedy by its definition, from separate runs: the single skip that costs least, again and again.
std::vector<Mask> GreedyByDefinition(int calls, int sample, int samples, int skips,
                                     const std::function<bool(const Mask&)>& allowed) {
  std::vector<Mask> family = {Mask(calls, 1)};
  while (static_cast<int>(family.size()) <= skips) {
    double least = HUGE_VAL;
    Mask best;
    for (int call = 1; call < calls; ++call) {
      Mask mask = family.back();
      if (!mask[call]) continue;
      mask[call] = 0;
      if (!allowed(mask)) continue;
      double error = 0;
      if (sample >= 0) {
        error = SeparateError({sample, mask});
      } else {
        for (int s = 0; s < samples; ++s) error += std::pow(SeparateError({s, mask}), 2) / samples;
        error = std::sqrt(error);
      }
      if (error < least) {
        least = error;
        best = mask;
      }
    }
    if (best.empty()) break;
    family.push_back(best);
  }
  return family;
}

std::vector<Mask> Masks(const PathFamily& family) {
  std::vector<Mask> masks;
  for (const auto& path : family.paths) masks.push_back(path.mask);
  return masks;
}

TEST(PathSearch, GreedyIsGreedyByDefinitionAndNested) {
  FakeEvaluator evaluator(8);
  const auto families = MakePathSearch({})->Run(evaluator, {.skips = 5});
  ASSERT_EQ(families.size(), 3u);
  for (int s = 0; s < 3; ++s) {
    EXPECT_EQ(Masks(families[s]), GreedyByDefinition(8, s, 3, 5, [](const Mask&) { return true; }));
    EXPECT_EQ(families[s].ended, "");
    for (size_t k = 0; k < families[s].paths.size(); ++k) {
      const auto& path = families[s].paths[k];
      EXPECT_EQ(CountSkips(path.mask), static_cast<int>(k));
      EXPECT_NEAR(path.error, SeparateError({s, path.mask}), 1e-12);
      if (k == 0) continue;
      for (int call = 0; call < 8; ++call)
        EXPECT_LE(path.mask[call], families[s].paths[k - 1].mask[call]) << "not nested";
    }
  }
}

TEST(PathSearch, GreedyPredictsEveryDistinctPrefixOnce) {
  for (const int calls : {8, 13}) {
    FakeEvaluator evaluator(calls);
    MakePathSearch({})->Run(evaluator, {.skips = calls - 1});
    EXPECT_EQ(evaluator.evaluator().cost().evaluations, DistinctPredictions(evaluator.asked, 3, calls));
    EXPECT_LT(evaluator.evaluator().cost().evaluations, evaluator.evaluator().cost().naive_evaluations / 2);
  }
}

TEST(PathSearch, ConstraintsHold) {
  PathSearchOptions options;
  options.max_run = 2;
  options.first = 2;
  options.last = 1;
  auto allowed = [](const Mask& mask) { return mask[1] && mask[8] && ToString(mask).find("000") == std::string::npos; };
  FakeEvaluator evaluator(9);
  const auto families = MakePathSearch(options)->Run(evaluator, {.skips = 4});
  for (int s = 0; s < 3; ++s) EXPECT_EQ(Masks(families[s]), GreedyByDefinition(9, s, 3, 4, allowed));
}

TEST(PathSearch, ExhaustiveFindsTheBestPathOfAll) {
  const int calls = 7;
  FakeEvaluator evaluator(calls, 2);
  PathSearchOptions options;
  options.exhaustive = true;
  const auto families = MakePathSearch(options)->Run(evaluator, {.skips = 6});
  EXPECT_EQ(evaluator.asked.size(), 2u * 63);
  EXPECT_EQ(evaluator.evaluator().cost().evaluations, DistinctPredictions(evaluator.asked, 2, calls));
  std::map<int, double> best;
  for (uint32_t bits = 1; bits < 64; ++bits) {
    Mask mask(calls, 1);
    for (int k = 0; k < 6; ++k) mask[1 + k] = !(bits >> k & 1);
    const double error = SeparateError({1, mask});
    const auto [place, fresh] = best.emplace(CountSkips(mask), error);
    if (!fresh) place->second = std::min(place->second, error);
  }
  for (const auto& [skips, error] : best) EXPECT_NEAR(families[1].paths.at(skips).error, error, 1e-12);

  // Greedy cannot be better, and a beam that keeps everything is the exhaustive search.
  FakeEvaluator again(calls, 2), wide(calls, 2);
  const auto greedy = MakePathSearch({})->Run(again, {.skips = 6});
  PathSearchOptions beam;
  beam.beam = 64;
  const auto kept = MakePathSearch(beam)->Run(wide, {.skips = 6});
  for (int s = 0; s < 2; ++s)
    for (size_t k = 0; k <= 6; ++k) {
      EXPECT_GE(greedy[s].paths[k].error, families[s].paths[k].error);
      EXPECT_EQ(kept[s].paths[k].mask, families[s].paths[k].mask);
    }
}

TEST(PathSearch, SharedPathMinimisesTheErrorOverTheSet) {
  PathSearchOptions options;
  options.shared = true;
  FakeEvaluator evaluator(7);
  const auto families = MakePathSearch(options)->Run(evaluator, {.skips = 4});
  ASSERT_EQ(families.size(), 1u);
  EXPECT_EQ(Masks(families[0]), GreedyByDefinition(7, -1, 3, 4, [](const Mask&) { return true; }));
}

TEST(PathSearch, GoesOnToTheErrorBound) {
  FakeEvaluator evaluator(8, 1);
  const auto all = MakePathSearch({})->Run(evaluator, {.skips = 7})[0].paths;
  size_t expected = 0;
  const double bound = 1.001 * all[3].error;
  while (expected < all.size() && all[expected].error <= bound) ++expected;
  FakeEvaluator again(8, 1);
  const auto found = MakePathSearch({})->Run(again, {.error_bound = bound})[0].paths;
  ASSERT_EQ(found.size(), expected + 1) << "up to the first path beyond the bound";
  for (size_t k = 0; k < found.size(); ++k) EXPECT_EQ(found[k].mask, all[k].mask);
}

TEST(PathSearch, ImpossibleTargetsAreErrors) {
  FakeEvaluator evaluator(6);
  EXPECT_ERROR(MakePathSearch({})->Run(evaluator, {.skips = 6}),
               "6 skips were asked for; of 6 calls at most 5 can be skipped");
  PathSearchOptions options;
  options.max_run = 1;
  options.last = 1;
  EXPECT_ERROR(MakePathSearch(options)->Run(evaluator, {.skips = 3}),
               "the last 1 forced, runs of skips at most 1 long at most 2 can be skipped");
  options.first = 5;
  EXPECT_ERROR(MakePathSearch(options)->Check({.skips = 0}, 6), "none can be skipped");
  options = {};
  options.exhaustive = true;
  EXPECT_ERROR(MakePathSearch(options)->Check({.skips = 25}, 50),
               "an exhaustive search over 49 calls would try 3.45e+14 paths");
}

// A greedy path may run into its own skips before the most that any path could have.
TEST(PathSearch, AFamilyThatEndsEarlySaysWhy) {
  PathSearchOptions options;
  options.max_run = 1;
  bool some = false;
  for (int calls = 4; calls <= 10; calls += 2) {
    FakeEvaluator evaluator(calls, 4);
    const int most = MostSkips(options, calls);
    for (const auto& family : MakePathSearch(options)->Run(evaluator, {.skips = most})) {
      const bool early = static_cast<int>(family.paths.size()) <= most;
      EXPECT_EQ(early, !family.ended.empty());
      const bool says =
          family.ended.find("no further call can be skipped, runs of skips at most 1 long") != std::string::npos;
      EXPECT_EQ(early, says) << family.ended;
      some |= early;
    }
  }
  EXPECT_TRUE(some) << "no family ended early: the test shows nothing";
}

TEST(RandomMask, AllPathsAreEquallyLikely) {
  std::map<std::string, int> seen;
  for (uint64_t seed = 0; seed < 6000; ++seed) {
    const Mask mask = RandomMask(7, 2, seed, 2, 1);  // 4 free calls: 6 paths
    EXPECT_EQ(CountSkips(mask), 2);
    EXPECT_TRUE(mask[0] && mask[1] && mask[6]);
    ++seen[ToString(mask)];
  }
  EXPECT_EQ(seen.size(), 6u);
  for (const auto& [mask, count] : seen) EXPECT_NEAR(count, 1000, 130) << mask;  // 4.5 standard deviations
  EXPECT_EQ(RandomMask(50, 20, 1), RandomMask(50, 20, 1));
  EXPECT_NE(RandomMask(50, 20, 1), RandomMask(50, 20, 2));
  EXPECT_ERROR(RandomMask(7, 5, 0, 2, 1), "5 random skips were asked for; of 7 calls at most 4 can be skipped");
}

}  // namespace
}  // namespace skipbench
