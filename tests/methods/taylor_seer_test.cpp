#include "methods/taylor_seer/taylor_seer.h"

#include <cmath>

#include "tests/methods/conformance.h"
#include "tests/methods/static_masks.h"

namespace skipbench {
namespace {

using Forecast = ForecastOptions::Kind;
using Grid = GridOptions::Kind;
using Level = LevelOptions::Level;
using testing::DecisionsOf;
using testing::MaskOf;
using testing::TransformerRun;

METHOD_EXAMPLES(
    TaylorSeer, {"taylor_seer", {{"interval", 3}, {"level", "output"}}},
    {"taylor_seer", {{"interval", 4}, {"max_order", 2}, {"first_enhance", 3}, {"as_published", true}}},
    {"taylor_seer", {{"grid", "diffusers"}, {"level", "modules"}, {"modules", {"attention"}}}},
    {"taylor_seer", {{"forecast", "hicache"}, {"max_order", 2}, {"level", "output"}}},
    {"taylor_seer", {{"forecast", "foca"}, {"level", "residual"}}},
    {"taylor_seer", {{"forecast", "foca"}, {"level", "residual"}, {"as_published", true}}},
    {"taylor_seer", {{"grid", "spectrum"}, {"forecast", "spectrum"}, {"level", "last_block"}}},
    {"taylor_seer",
     {{"grid", "spectrum"}, {"forecast", "spectrum"}, {"w", 0.5}, {"level", "output"}, {"as_published", true}}});

TaylorSeerOptions Paper(int order, int interval, int first_enhance, Level level = Level::kOutput) {
  return {.grid = {.interval = interval, .first_enhance = first_enhance},
          .forecast = {.max_order = order},
          .level = {.level = level}};
}

TaylorSeerOptions Diffusers(int order, int interval, int before, std::optional<int> after = {}) {
  return {.grid = {.grid = Grid::kDiffusers,
                   .cache_interval = interval,
                   .disable_cache_before_step = before,
                   .disable_cache_after_step = after},
          .forecast = {.max_order = order},
          .level = {.level = Level::kModules, .modules = {"attention"}}};
}

std::string Mask(const TaylorSeerOptions& options, int calls) {
  return MaskOf(*MakeTaylorSeer(options), TransformerRun(calls));
}

// A tiny DiT with 20 steps, a tiny FLUX with 16.
TEST(TaylorSeer, ComputesOnThePapersGrid) {
  for (const Level level : {Level::kModules, Level::kOutput, Level::kLastBlock}) {
    EXPECT_EQ(Mask(Paper(0, 3, 2, level), 20), "11001001001001001001");
    EXPECT_EQ(Mask(Paper(1, 2, 2, level), 20), "11010101010101010101");
    EXPECT_EQ(Mask(Paper(2, 3, 2, level), 20), "11001001001001001001");
    EXPECT_EQ(Mask(Paper(1, 4, 2, level), 20), "11000100010001000100");
    EXPECT_EQ(Mask(Paper(3, 4, 2, level), 20), "11000100010001000100");
    EXPECT_EQ(Mask(Paper(1, 2, 3, level), 16), "1110101010101010");
    EXPECT_EQ(Mask(Paper(2, 3, 3, level), 16), "1110010010010010");
  }
  TaylorSeerOptions late = Paper(1, 4, 2);
  late.grid.end_enhance = 10;
  EXPECT_EQ(Mask(late, 12), "110001000111");
}

// FLUX with 16 steps and the hook of diffusers.
TEST(TaylorSeer, ComputesOnDiffusersGrid) {
  EXPECT_EQ(Mask(Diffusers(1, 3, 3), 16), "1110100100100100");
  EXPECT_EQ(Mask(Diffusers(1, 2, 2), 16), "1101010101010101");
  EXPECT_EQ(Mask(Diffusers(2, 4, 4), 16), "1111010001000100");
  EXPECT_EQ(Mask(Diffusers(0, 2, 3), 16), "1110101010101010");
  EXPECT_EQ(Mask(Diffusers(1, 5, 3), 16), "1110100001000010");  // the defaults
  EXPECT_EQ(Mask(Diffusers(1, 5, 3, 12), 16), "1110100001001111");
}

// The published numbers of full forwards for 50 steps.
TEST(TaylorSeer, ComputesOnSpectrumsGrid) {
  const auto computed = [](double flex_window) {
    const std::string mask = Mask({.grid = {.grid = Grid::kSpectrum, .flex_window = flex_window}}, 50);
    EXPECT_EQ(mask.substr(0, 7), "1111101");
    return std::count(mask.begin(), mask.end(), '1');
  };
  EXPECT_EQ(computed(0.75), 14);
  EXPECT_EQ(computed(3.0), 10);
  EXPECT_EQ(computed(0), 27);
}

// What a series is forecast to be by the weights: at computed calls its value.
// What sums come to where nothing is rounded.
double Unrounded(const std::vector<RoundedSum>& sums, const std::vector<double>& ring) {
  std::vector<double> made;
  for (const RoundedSum& sum : sums) {
    double value = 0;
    for (const auto& term : sum.terms)
      value += term.weight * (term.from == RoundedSum::From::kSum ? made : ring).at(static_cast<size_t>(term.index));
    made.push_back(value / sum.divisor);
  }
  return made.back();
}

std::vector<double> Follow(const Method& method, const std::vector<double>& series) {
  const RunShape run = TransformerRun(static_cast<int>(series.size()));
  const auto kept = method.Keeps(run);
  std::vector<double> ring, followed;  // newest first
  for (const Decision& decision : DecisionsOf(method, run)) {
    const size_t call = followed.size();
    if (decision.action == Action::kPredict) {
      ring.insert(ring.begin(), series[call]);
      followed.push_back(series[call]);
      continue;
    }
    EXPECT_EQ(decision.site, kept.at(0).site);
    EXPECT_LE(decision.weights.size(), std::min<size_t>(ring.size(), static_cast<size_t>(kept.at(0).depth)));
    if (!decision.sums.empty()) {
      followed.push_back(Unrounded(decision.sums, ring));
      continue;
    }
    const std::vector<double> weights = decision.weights.empty() ? std::vector<double>{1} : decision.weights;
    double value = 0;
    for (size_t k = 0; k < weights.size(); ++k) value += weights[k] * ring[k];
    followed.push_back(value);
  }
  return followed;
}

std::vector<double> Series(int calls) {
  std::vector<double> series;
  for (int call = 0; call < calls; ++call) series.push_back(std::sin(0.37 * call) + 0.02 * call * call);
  return series;
}

void ExpectNear(const std::vector<double>& followed, const std::vector<double>& expected) {
  ASSERT_EQ(followed.size(), expected.size());
  for (size_t call = 0; call < expected.size(); ++call)
    EXPECT_NEAR(followed[call], expected[call], 1e-11 * (1 + std::abs(expected[call]))) << "call " << call;
}

// The source's recursion on numbers: factors are made anew at each computed call from those of the one before.
std::vector<double> Recursion(const std::string& mask, const std::vector<double>& series, int order, double sigma = 0,
                              int first_difference = 0) {
  std::vector<double> factors, followed;
  int last = 0;
  for (int call = 0; call < static_cast<int>(mask.size()); ++call) {
    if (mask[call] == '1') {
      std::vector<double> made = {series[call]};
      for (int j = 0; j < order && j < static_cast<int>(factors.size()) && call >= first_difference; ++j)
        made.push_back((made[j] - factors[j]) / (call - last));
      factors = made;
      last = call;
      followed.push_back(series[call]);
      continue;
    }
    const double k = call - last;
    const double x = sigma * k;
    // Physicists' Hermite polynomials, written out.
    const double hermite[] = {1, 2 * x, 4 * x * x - 2, 8 * x * x * x - 12 * x};
    double value = 0, factorial = 1;
    for (size_t j = 0; j < factors.size(); ++j) {
      if (j > 1) factorial *= static_cast<double>(j);
      value += factors[j] / factorial * (sigma > 0 ? std::pow(sigma, j) * hermite[j] : std::pow(k, j));
    }
    followed.push_back(value);
  }
  return followed;
}

TEST(TaylorSeer, WeightsAreTheRecursionOfDifferences) {
  for (const int order : {0, 1, 2, 3})
    for (const int interval : {2, 3, 5}) {
      const auto paper = MakeTaylorSeer(Paper(order, interval, 3));
      const auto hook = MakeTaylorSeer(Diffusers(order, interval, 2));
      for (const Method* method : {paper.get(), hook.get()})
        ExpectNear(Follow(*method, Series(23)), Recursion(MaskOf(*method, TransformerRun(23)), Series(23), order));
    }
}

// The repository takes no difference before the last of its first full steps, so order 2 comes a full step later.
TEST(TaylorSeer, AsPublishedDifferencesStartLate) {
  TaylorSeerOptions options = Paper(2, 3, 3);
  options.as_published = true;
  const auto published = MakeTaylorSeer(options);
  ExpectNear(Follow(*published, Series(16)), Recursion("1110010010010010", Series(16), 2, 0, 2));
  const auto decisions = DecisionsOf(*published, TransformerRun(16));
  EXPECT_EQ(decisions[3].weights, (std::vector<double>{2, -1}));
  EXPECT_EQ(decisions[6].weights.size(), 3u);
  EXPECT_EQ(DecisionsOf(*MakeTaylorSeer(Paper(2, 3, 3)), TransformerRun(16))[3].weights,
            (std::vector<double>{2.5, -2, 0.5}));  // D_0 + D_1 + D_2/2
}

TEST(TaylorSeer, HiCacheHasHermitePolynomials) {
  TaylorSeerOptions options = Paper(3, 4, 2);
  options.forecast.forecast = Forecast::kHiCache;
  for (const double sigma : {0.3, 0.5, 1.0}) {
    options.forecast.sigma = sigma;
    const auto method = MakeTaylorSeer(options);
    ExpectNear(Follow(*method, Series(21)), Recursion(MaskOf(*method, TransformerRun(21)), Series(21), 3, sigma));
  }
  // At order 1 half of Taylor's step with sigma 1/2, all of it with sqrt(1/2).
  options.forecast.max_order = 1;
  const std::vector<double> line = {0, 1, 2, 3, 4, 5, 6};
  options.forecast.sigma = 0.5;
  EXPECT_NEAR(Follow(*MakeTaylorSeer(options), line)[4], 1 + 0.5 * 3, 1e-12);
  options.forecast.sigma = std::sqrt(0.5);
  EXPECT_NEAR(Follow(*MakeTaylorSeer(options), line)[4], 4, 1e-12);
}

// The calibrator of cache-dit 1.5.3, on numbers.
std::vector<double> FoCa(const std::string& mask, const std::vector<double>& series, bool unit) {
  std::vector<double> followed;
  std::vector<std::pair<int, double>> full, all;  // the last two
  for (int call = 0; call < static_cast<int>(mask.size()); ++call) {
    const auto push = [&](auto* two, double value) {
      two->emplace_back(call, value);
      if (two->size() > 2) two->erase(two->begin());
    };
    const auto slope = [&](const auto& two) {
      return (two[1].second - two[0].second) / (unit ? 1 : two[1].first - two[0].first);
    };
    if (mask[call] == '1') {
      push(&full, series[call]);
      push(&all, series[call]);
      followed.push_back(series[call]);
    } else if (full.size() < 2) {
      followed.push_back(full.back().second);
    } else {
      const double elapsed = call - full[1].first, slopes = slope(full) + slope(all);
      const double value = elapsed <= 3
                               ? full[1].second + elapsed / 2 * slopes
                               : 3 / elapsed * (full[1].second + 1.5 * slopes) + (1 - 3 / elapsed) * full[1].second;
      push(&all, value);
      followed.push_back(value);
    }
  }
  return followed;
}

TEST(TaylorSeer, FoCaIsTheCalibratorsRecursion) {
  for (const int interval : {2, 3, 4, 6}) {
    TaylorSeerOptions options = Paper(1, interval, 1);
    options.forecast = {.forecast = Forecast::kFoCa};
    for (const bool published : {false, true}) {
      options.as_published = published;
      const auto method = MakeTaylorSeer(options);
      ExpectNear(Follow(*method, Series(25)), FoCa(MaskOf(*method, TransformerRun(25)), Series(25), published));
    }
  }
  // With distances it forecasts a line exactly up to its horizon; without, a step of three calls counts as one of one.
  TaylorSeerOptions options = Paper(1, 3, 1);
  options.forecast = {.forecast = Forecast::kFoCa};
  const std::vector<double> line = {0, 1, 2, 3, 4, 5, 6, 7};
  EXPECT_NEAR(Follow(*MakeTaylorSeer(options), line)[5], 5, 1e-12);
  options.as_published = true;
  EXPECT_NEAR(Follow(*MakeTaylorSeer(options), line)[4], 3 + 0.5 * (3 + 3), 1e-12);
}

TEST(TaylorSeer, SpectrumFitsPolynomialsOfTime) {
  TaylorSeerOptions options{.grid = {.grid = Grid::kSpectrum, .warmup_steps = 6},
                            .forecast = {.forecast = Forecast::kSpectrum, .lam = 1e-9},
                            .level = {.level = Level::kLastBlock}};
  std::vector<double> quartic;
  for (int call = 0; call < 30; ++call) {
    const double t = call / 29.0;
    quartic.push_back(1 - 2 * t + 3 * t * t * t - t * t * t * t);
  }
  const auto fit = Follow(*MakeTaylorSeer(options), quartic);
  for (size_t call = 12; call < quartic.size(); ++call) EXPECT_NEAR(fit[call], quartic[call], 1e-3) << "call " << call;
  // All that was computed is kept.
  const RunShape run = TransformerRun(30);
  const std::string mask = MaskOf(*MakeTaylorSeer(options), run);
  const auto last = mask.rfind('0');
  EXPECT_EQ(MakeTaylorSeer(options)->Keeps(run).at(0).depth,
            std::count(mask.begin(), mask.begin() + static_cast<std::ptrdiff_t>(last), '1'));
  // Without a fit: Newton's forecast of the last two.
  options.forecast.w = 0;
  EXPECT_EQ(DecisionsOf(*MakeTaylorSeer(options), run)[6].weights, (std::vector<double>{2, -1}));
  options.forecast.taylor_order = 2;
  EXPECT_EQ(DecisionsOf(*MakeTaylorSeer(options), run)[6].weights, (std::vector<double>{3, -3, 1}));
  // The source has C(k, 2) where a forecast takes C(k + 1, 2): nothing one call on.
  options.as_published = true;
  EXPECT_NEAR(Follow(*MakeTaylorSeer(options), quartic)[6], 2 * quartic[5] - quartic[4], 1e-12);
}

// The sums that are rounded in between are the sums of weights otherwise.
TEST(TaylorSeer, RoundedSumsAreTheSameSums) {
  for (const int order : {0, 1, 3}) {
    TaylorSeerOptions options = Diffusers(order, 3, 4);
    const auto plain = Follow(*MakeTaylorSeer(options), Series(24));
    options.as_published = true;
    const auto published = MakeTaylorSeer(options);
    ExpectNear(Follow(*published, Series(24)), plain);
    int forecasts = 0;
    for (const auto& decision : DecisionsOf(*published, TransformerRun(24))) {
      if (decision.action == Action::kPredict) continue;
      ++forecasts;
      EXPECT_FALSE(decision.sums.empty());
    }
    EXPECT_GT(forecasts, 10);
  }
  TaylorSeerOptions options{.grid = {.grid = Grid::kSpectrum},
                            .forecast = {.forecast = Forecast::kSpectrum, .w = 0.4, .m = 3, .taylor_order = 3},
                            .level = {.level = Level::kLastBlock},
                            .as_published = true};
  const RunShape run = TransformerRun(20);
  const auto published = MakeTaylorSeer(options);
  EXPECT_EQ(published->Keeps(run)[0].depth, 9);
  for (const auto& decision : DecisionsOf(*published, run)) EXPECT_TRUE(decision.weights.empty());
}

// By hand: T_0 = 1 and lambda 1 after two computed calls make (h_0 + h_1)/3.
TEST(TaylorSeer, SpectrumsRidgeDrawsTowardsZero) {
  const TaylorSeerOptions options{.grid = {.interval = 3},
                                  .forecast = {.forecast = Forecast::kSpectrum, .lam = 1, .m = 0},
                                  .level = {.level = Level::kOutput}};
  const auto decisions = DecisionsOf(*MakeTaylorSeer(options), TransformerRun(4));
  EXPECT_EQ(decisions[2].weights.size(), 2u);
  for (const double weight : decisions[2].weights) EXPECT_NEAR(weight, 1 / 3.0, 1e-15);
}

TEST(TaylorSeer, RefusesAnEndBeforeTheStartIsOver) {
  EXPECT_ERROR(MakeTaylorSeer({.grid = {.first_enhance = 4, .end_enhance = 4}}),
               "end_enhance: expected more than first_enhance, 4, found 4");
  EXPECT_ERROR(MakeTaylorSeer({.grid = {.grid = Grid::kDiffusers, .disable_cache_after_step = 2}}),
               "disable_cache_after_step: expected more than disable_cache_before_step, 3, found 2");
  EXPECT_NO_THROW(MakeTaylorSeer({.grid = {.first_enhance = 4, .end_enhance = 5}}));
}

TEST(TaylorSeer, RefusesWhatDoesNothing) {
  TaylorSeerOptions options = Paper(1, 5, 3);
  options.forecast.forecast = Forecast::kHiCache;
  options.as_published = true;
  EXPECT_ERROR(MakeTaylorSeer(options), "as_published: with this grid and forecast nothing differs");
}

}  // namespace
}  // namespace skipbench
