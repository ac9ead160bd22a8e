#include "methods/deepcache/deepcache.h"

#include <algorithm>
#include <complex>

#include "harness/base/error.h"
#include "harness/base/portable_math.h"
#include "methods/fixed_path/precomputed_path.h"

namespace skipbench {
namespace {

using Complex = std::complex<double>;

void CheckCount(int steps, int count) {
  if (steps < 1 || count < 1 || count > steps)
    Fail("deepcache: the number of full steps must be in [1, {}], found {}", steps, count);
}

void SortOnce(std::vector<int>* points) {
  std::sort(points->begin(), points->end());
  points->erase(std::unique(points->begin(), points->end()), points->end());
}

// x^(1/p), the principal root of a real number.
Complex Root(double x, double p) { return portable::Pow(Complex(x), 1 / p); }

// numpy's power, which multiplies for small whole exponents: of exact integers another last bit makes another step.
// Other powers are the same on every CPU.
Complex Power(const Complex& v, double p) {
  if (v == Complex(0)) return v;
  if (p == 2) return v * v;
  if (p == 3) return v * (v * v);
  return portable::Pow(v, p);
}

std::vector<int> FullSteps(int steps, int count, int center, double power) {
  const Complex lo = Root(-center, power);
  const Complex hi = Root(steps - center, power);
  const Complex stride = (hi - lo) / static_cast<double>(count);
  std::vector<int> points;
  for (int k = 0; k <= count; ++k) {
    const Complex v = k < count ? lo + static_cast<double>(k) * stride : hi;
    points.push_back(static_cast<int>(Power(v, power).real()));
  }
  SortOnce(&points);
  std::vector<int> full = {0};
  for (size_t i = 1; i + 1 < points.size(); ++i) full.push_back(points[i] + center);
  return full;
}

using Options = DeepCacheOptions;

const OptionTable<Options>& Table() {
  using Schedule = Options::Schedule;
  using Index = Options::Index;
  static const OptionTable<Options> table(
      "deepcache",
      {Field("interval", &Options::interval)
           .Min(1)
           .Max(1000)
           .Help("a full forward every N calls (N on average for the non-uniform schedules)"),
       Field("branch", &Options::branch)
           .Min(0)
           .Max(1000)
           .Help("cache position, numbered as by the pip package's helper"),
       Field("schedule", &Options::schedule)
           .Names<Schedule>(
               {{"uniform", Schedule::kUniform}, {"quad_center", Schedule::kQuadCenter}, {"quad", Schedule::kQuad}})
           .Help("which calls are full"),
       Field("power", &Options::power)
           .Min(1.0)
           .Max(10.0)
           .When([](const Options& o) { return o.schedule != Schedule::kUniform; }, "the uniform schedule has no power")
           .Help("of the non-uniform schedules"),
       Field("center", &Options::center)
           .Min(1)
           .Max(1000)
           .When([](const Options& o) { return o.schedule == Schedule::kQuadCenter; },
                 "only the schedule \"quad_center\" has a center")
           .Help("of quad_center: the call around which full forwards are densest"),
       Field("index", &Options::index)
           .Names<Index>({{"timestep", Index::kTimestep}, {"call", Index::kCall}})
           .Help("look a call up by its timestep's first place (the helper's way) or by number")});
  return table;
}

class DeepCache : public Method {
 public:
  explicit DeepCache(const Options& options) : options_(options) {}
  std::string type() const override { return "deepcache"; }

  std::string Label() const override {
    std::string label = fmt::format("deepcache(interval={},branch={}", options_.interval, options_.branch);
    if (options_.schedule != Options::Schedule::kUniform)
      label += fmt::format(",schedule={},power={}",
                           options_.schedule == Options::Schedule::kQuad ? "quad" : "quad_center", options_.power);
    if (options_.schedule == Options::Schedule::kQuadCenter) label += fmt::format(",center={}", options_.center);
    if (options_.index == Options::Index::kCall) label += ",index=call";
    return label + ")";
  }

  std::vector<Keep> Keeps(const RunShape&) const override { return {{Site()}}; }

  std::unique_ptr<Policy> Start(const RunShape& run) const override {
    const int branches = run.network.cache_positions;
    if (branches == 0) FailUnsupported("{}: this pipeline's network has no shallow forward", Label());
    if (options_.branch >= branches)
      Fail("{}: the network has branches 0 to {}, not {}", Label(), branches - 1, options_.branch);
    std::vector<bool> scheduled(run.calls, false);
    for (int step : FullSteps(run.steps))
      if (step < run.calls) scheduled[step] = true;
    if (options_.schedule == Options::Schedule::kUniform)
      for (int call = 0; call < run.calls; call += options_.interval) scheduled[call] = true;
    std::vector<Decision> decisions(run.calls);
    for (int call = 0; call < run.calls; ++call)
      if (!scheduled[IndexOf(run, call)]) decisions[call] = Shallow(Site());
    return MakeReplayPolicy(std::move(decisions));
  }

 private:
  CacheSite Site() const { return {.level = CacheSite::Level::kCut, .front = options_.branch}; }

  std::vector<int> FullSteps(int steps) const {
    const int count = (steps + options_.interval - 1) / options_.interval;
    switch (options_.schedule) {
      case Options::Schedule::kUniform: return {};
      case Options::Schedule::kQuadCenter: return QuadCenterSchedule(steps, count, options_.center, options_.power);
      case Options::Schedule::kQuad: return QuadSchedule(steps, count, options_.power);
    }
    return {};
  }

  int IndexOf(const RunShape& run, int call) const {
    if (options_.index == Options::Index::kCall) return call;
    const auto first = std::find(run.timesteps.begin(), run.timesteps.end(), run.timesteps[call]);
    return static_cast<int>(first - run.timesteps.begin());
  }

  Options options_;
};

}  // namespace

std::vector<int> QuadCenterSchedule(int steps, int count, int center, double power) {
  CheckCount(steps, count);
  if (center < 0 || center >= steps) Fail("deepcache: the center must be in [0, {}], found {}", steps - 1, center);
  if (!(power > 1) || power > 100) Fail("deepcache: the power must be above 1 and at most 100, found {}", power);
  for (double p = power; p > 1; p -= 0.02) {
    std::vector<int> full_steps = FullSteps(steps, count, center, p);
    if (static_cast<int>(full_steps.size()) == count) return full_steps;
  }
  Fail("deepcache: no quad_center schedule has {} full steps of {} around {} with a power of {} or less", count, steps,
       center, power);
}

std::vector<int> QuadSchedule(int steps, int count, double power) {
  CheckCount(steps, count);
  if (!(power >= 1) || power > 100) Fail("deepcache: the power must be in [1, 100], found {}", power);
  const double stride = portable::Pow(static_cast<double>(steps), 1 / power) / count;
  std::vector<int> full_steps;
  for (int k = 0; k < count; ++k) full_steps.push_back(static_cast<int>(portable::Pow(k * stride, power)));
  SortOnce(&full_steps);
  return full_steps;
}

std::unique_ptr<Method> MakeDeepCache(const DeepCacheOptions& options) {
  Table().Validate(options);
  return std::make_unique<DeepCache>(options);
}

MethodType DeepCacheType() {
  return DeclareMethod("full forwards at scheduled calls, shallow ones on cached features between (CVPR 2024)", Table(),
                       MakeDeepCache);
}

}  // namespace skipbench
