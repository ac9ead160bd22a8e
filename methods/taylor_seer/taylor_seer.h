// Full forwards on a grid that is fixed beforehand, forecasts from their results between: TaylorSeer (Liu et al., "From
// Reusing to Forecasting: Accelerating Diffusion Models with TaylorSeers", ICCV 2025, arXiv 2503.06923) and what was
// published with other forecasts: HiCache, FoCa, Spectrum. README.md has the rules.
#pragma once

#include "methods/interval/levels.h"
#include "methods/taylor_seer/forecast.h"

namespace skipbench {

// Which calls are computed; option names are the sources'.
struct GridOptions {
  enum class Kind { kTaylorSeer, kDiffusers, kSpectrum };
  Kind grid = Kind::kTaylorSeer;
  int interval = 3, first_enhance = 2;                    // taylorseer
  std::optional<int> end_enhance = {};                    // taylorseer, as HiCache's package has it
  int cache_interval = 5, disable_cache_before_step = 3;  // diffusers
  std::optional<int> disable_cache_after_step = {};       // diffusers
  int warmup_steps = 5, window_size = 2;                  // spectrum
  double flex_window = 0.75;                              // spectrum
};

// Which calls are computed.
std::vector<bool> ComputedCalls(const GridOptions& grid, int calls);

struct TaylorSeerOptions {
  GridOptions grid = {};
  ForecastOptions forecast = {};
  LevelOptions level{.level = LevelOptions::Level::kModules};
  bool as_published = false;
};

std::unique_ptr<Method> MakeTaylorSeer(const TaylorSeerOptions& options);
MethodType TaylorSeerType();

}  // namespace skipbench
