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
    size_t depth = 1;
    for (const Decision& decision : Decisions(run)) depth = std::max(depth, decision.weights.size());
    return {{SiteOf(options_.level, run.network), static_cast<int>(depth)}};
  }

  std::unique_ptr<Policy> Start(const RunShape& run) const override {
    CheckLevel(options_.level, run.network, Label());
    return MakeReplayPolicy(Decisions(run));
  }

 private:
  std::vector<Decision> Decisions(const RunShape& run) const {
    const std::vector<bool> computed = ComputedCalls(options_.grid, run.calls);
    const CacheSite site = SiteOf(options_.level, run.network);
    const int first_difference = options_.as_published ? options_.grid.first_enhance - 1 : 0;
    const auto forecaster = MakeForecaster(options_.forecast, run.calls, first_difference, options_.as_published);
    std::vector<Decision> decisions(run.calls);
    for (int call = 0; call < run.calls; ++call) {
      if (computed[call])
        forecaster->Computed(call);
      else
        decisions[call] = ReuseAt(site, forecaster->Forecast(call));
    }
    return decisions;
  }

  Options options_;
};

// Taylor's differences are late in the source, on its grid.
bool IsLate(const Options& o) { return o.forecast.forecast == Forecast::kTaylor && o.grid.grid == Grid::kTaylorSeer; }

// Whether the source makes other forecasts of any run. Two full forwards before the first forecast have all differences
// of order 1, so that being late shows from order 2 on, with three of them at the start.
bool Differs(const Options& o) {
  if (IsLate(o)) return o.grid.first_enhance >= 3 && o.forecast.max_order >= 2;
  return o.forecast.forecast == Forecast::kFoCa || o.forecast.forecast == Forecast::kSpectrum;
}

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
    OptionTable<Options> made("taylor_seer",
                              {Field("as_published", &Options::as_published)
                                   .Help("the numbers of the source's code: taylor's late differences, FoCa's slopes "
                                         "without distances, Spectrum's time scale in bfloat16")});
    made.Include(&Options::grid, GridTable())
        .Include(&Options::forecast, ForecastTable())
        .Include(&Options::level, LevelTable());
    made.Rule([](const Options& o) {
      if (o.as_published && !Differs(o))
        FailOption("as_published", "with {} nothing differs from the source",
                   IsLate(o) ? "first_enhance below 3 or max_order below 2" : "this grid and forecast");
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
