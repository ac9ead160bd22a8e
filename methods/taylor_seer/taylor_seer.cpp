#include "methods/taylor_seer/taylor_seer.h"

#include <algorithm>
#include <cmath>

#include "harness/base/error.h"
#include "methods/fixed_path/precomputed_path.h"

namespace skipbench {
namespace {

using Options = TaylorSeerOptions;
using Grid = GridOptions::Kind;
using Forecast = ForecastOptions::Kind;

const OptionTable<GridOptions>& GridTable() {
  const auto is = [](Grid kind) { return [kind](const GridOptions& o) { return o.grid == kind; }; };
  const char *paper = "only the grid \"taylorseer\" has it", *diffusers = "only the grid \"diffusers\" has it",
             *spectrum = "only the grid \"spectrum\" has it";
  static const OptionTable<GridOptions> table(
      "grid",
      {Field("grid", &GridOptions::grid)
           .Names<Grid>(
               {{"taylorseer", Grid::kTaylorSeer}, {"diffusers", Grid::kDiffusers}, {"spectrum", Grid::kSpectrum}})
           .Help("whose rule says which calls are computed"),
       Field("interval", &GridOptions::interval)
           .Min(1)
           .Max(1000)
           .When(is(Grid::kTaylorSeer), paper)
           .Help("a full forward every N calls, counted from the last one"),
       Field("first_enhance", &GridOptions::first_enhance)
           .Min(1)
           .Max(1000)
           .When(is(Grid::kTaylorSeer), paper)
           .Help("full forwards at the start"),
       Field("end_enhance", &GridOptions::end_enhance)
           .Min(1)
           .Max(1000)
           .When(is(Grid::kTaylorSeer), paper)
           .Default("none")
           .Help("the call from which on all are computed"),
       Field("cache_interval", &GridOptions::cache_interval)
           .Min(1)
           .Max(1000)
           .When(is(Grid::kDiffusers), diffusers)
           .Help("a full forward every N calls"),
       Field("disable_cache_before_step", &GridOptions::disable_cache_before_step)
           .Min(1)
           .Max(1000)
           .When(is(Grid::kDiffusers), diffusers)
           .Help("full forwards at the start; the grid starts one call later"),
       Field("disable_cache_after_step", &GridOptions::disable_cache_after_step)
           .Min(1)
           .Max(1000)
           .When(is(Grid::kDiffusers), diffusers)
           .Default("none")
           .Help("the call from which on all are computed"),
       Field("warmup_steps", &GridOptions::warmup_steps)
           .Min(1)
           .Max(1000)
           .When(is(Grid::kSpectrum), spectrum)
           .Help("full forwards at the start"),
       Field("window_size", &GridOptions::window_size)
           .Min(1)
           .Max(1000)
           .When(is(Grid::kSpectrum), spectrum)
           .Help("a full forward every N calls at first"),
       Field("flex_window", &GridOptions::flex_window)
           .Min(0)
           .Max(1000)
           .When(is(Grid::kSpectrum), spectrum)
           .Help("what each full forward adds to the window, of which whole calls count")});
  return table;
}

std::string GridLabel(const GridOptions& o) {
  switch (o.grid) {
    case Grid::kTaylorSeer:
      return fmt::format("interval={},first_enhance={}{}", o.interval, o.first_enhance,
                         o.end_enhance ? fmt::format(",end_enhance={}", *o.end_enhance) : "");
    case Grid::kDiffusers:
      return fmt::format(
          "cache_interval={},disable_cache_before_step={}{}", o.cache_interval, o.disable_cache_before_step,
          o.disable_cache_after_step ? fmt::format(",disable_cache_after_step={}", *o.disable_cache_after_step) : "");
    case Grid::kSpectrum:
      return fmt::format("warmup_steps={},window_size={},flex_window={}", o.warmup_steps, o.window_size, o.flex_window);
  }
  return "";
}

class TaylorSeer : public Method {
 public:
  explicit TaylorSeer(const Options& options) : options_(options) {}
  std::string type() const override { return "taylor_seer"; }
  std::string Label() const override {
    return fmt::format("taylor_seer({},{}{}{})", GridLabel(options_.grid), ForecastLabel(options_.forecast),
                       LevelLabel(options_.level), options_.as_published ? ",as_published" : "");
  }

  // As many as the longest sum of the run.
  std::vector<Keep> Keeps(const RunShape& run) const override {
    int depth = 1;
    for (const Decision& decision : Decisions(run)) depth = std::max(depth, DepthOf(decision, RoundedSum::From::kKept));
    return {{SiteOf(options_.level, run.network), depth}};
  }

  std::unique_ptr<Policy> Start(const RunShape& run) const override {
    CheckLevel(options_.level, run.network, Label());
    return MakeReplayPolicy(Decisions(run));
  }

 private:
  PublishedForecast Published(const RunShape& run) const {
    PublishedForecast published{.as_published = options_.as_published, .dtype = run.dtype};
    if (!options_.as_published) return published;
    if (options_.grid.grid == Grid::kTaylorSeer) published.first_difference = options_.grid.first_enhance - 1;
    published.bfloat16_factors = options_.grid.grid == Grid::kDiffusers;
    return published;
  }

  std::vector<Decision> Decisions(const RunShape& run) const {
    const std::vector<bool> computed = ComputedCalls(options_.grid, run.calls);
    const CacheSite site = SiteOf(options_.level, run.network);
    const auto forecaster = MakeForecaster(options_.forecast, run.calls, Published(run));
    std::vector<Decision> decisions(run.calls);
    for (int call = 0; call < run.calls; ++call) {
      if (computed[call])
        forecaster->Computed(call);
      else if (std::vector<RoundedSum> sums = forecaster->RoundedForecast(call); !sums.empty())
        decisions[call] = {site.level == CacheSite::Level::kOutput ? Action::kCombine : Action::kShallow,
                           site,
                           {},
                           {},
                           std::move(sums)};
      else
        decisions[call] = ReuseAt(site, forecaster->Forecast(call));
    }
    return decisions;
  }

  Options options_;
};

// Full forwards at the start must leave calls to forecast before those at the end begin.
void CheckGrid(const GridOptions& o) {
  const auto check = [](const char* name, const std::optional<int>& end, const char* before, int start) {
    if (end && *end <= start) FailOption(name, "expected more than {}, {}, found {}", before, start, *end);
  };
  if (o.grid == Grid::kTaylorSeer) check("end_enhance", o.end_enhance, "first_enhance", o.first_enhance);
  if (o.grid == Grid::kDiffusers)
    check("disable_cache_after_step", o.disable_cache_after_step, "disable_cache_before_step",
          o.disable_cache_before_step);
}

const OptionTable<Options>& Table() {
  static const OptionTable<Options> table = [] {
    OptionTable<Options> made(
        "taylor_seer", {Field("as_published", &Options::as_published)
                            .Help("the numbers of the source's code: taylor's late differences, diffusers' factors "
                                  "in bfloat16, FoCa's slopes without distances, Spectrum's time and "
                                  "coefficients in bfloat16")});
    made.Include(&Options::grid, GridTable())
        .Include(&Options::forecast, ForecastTable())
        .Include(&Options::level, LevelTable());
    made.Rule([](const Options& o) {
      const bool taylor = o.forecast.forecast == Forecast::kTaylor && o.grid.grid != Grid::kSpectrum;
      if (o.as_published && !taylor && o.forecast.forecast != Forecast::kFoCa &&
          o.forecast.forecast != Forecast::kSpectrum)
        FailOption("as_published", "with this grid and forecast nothing differs from the source");
    });
    made.Rule([](const Options& o) { CheckGrid(o.grid); });
    return made;
  }();
  return table;
}

}  // namespace

std::vector<bool> ComputedCalls(const GridOptions& grid, int calls) {
  std::vector<bool> computed(calls);
  int last = 0;
  double window = grid.window_size;
  for (int call = 0; call < calls; ++call) {
    switch (grid.grid) {
      case Grid::kTaylorSeer:
        computed[call] = call < grid.first_enhance || call - last == grid.interval ||
                         (grid.end_enhance && call >= *grid.end_enhance);
        break;
      case Grid::kDiffusers: {
        const int before = grid.disable_cache_before_step, n = grid.cache_interval;
        computed[call] = call < before || (call - before - 1 + n) % n == 0 ||
                         (grid.disable_cache_after_step && call >= *grid.disable_cache_after_step);
        break;
      }
      case Grid::kSpectrum:
        computed[call] = call < grid.warmup_steps || (call - last) % static_cast<int>(std::floor(window)) == 0;
        if (computed[call] && call >= grid.warmup_steps) window += grid.flex_window;
        break;
    }
    if (computed[call]) last = call;
  }
  return computed;
}

std::unique_ptr<Method> MakeTaylorSeer(const TaylorSeerOptions& options) {
  Table().Validate(options);
  return std::make_unique<TaylorSeer>(options);
}

MethodType TaylorSeerType() {
  return DeclareMethod(
      "full forwards on a fixed grid, forecasts from them between: TaylorSeer (ICCV 2025), HiCache, FoCa, Spectrum",
      Table(), MakeTaylorSeer);
}

}  // namespace skipbench
