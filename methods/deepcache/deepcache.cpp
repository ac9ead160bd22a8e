#include "methods/deepcache/deepcache.h"

#include <algorithm>

#include "methods/deepcache/schedule.h"
#include "methods/fixed_path/precomputed_path.h"

namespace skipbench {
namespace {

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

  std::vector<int> CachePositions(const RunShape&) const override { return {options_.branch}; }

  std::unique_ptr<Policy> Start(const RunShape& run) const override {
    if (run.cache_positions == 0) FailUnsupported("{}: this pipeline's network has no shallow forward", Label());
    if (options_.branch >= run.cache_positions)
      Fail("{}: the network has branches 0 to {}, not {}", Label(), run.cache_positions - 1, options_.branch);
    std::vector<bool> scheduled(run.calls, false);
    for (int step : FullSteps(run.steps))
      if (step < run.calls) scheduled[step] = true;
    if (options_.schedule == Options::Schedule::kUniform)
      for (int call = 0; call < run.calls; call += options_.interval) scheduled[call] = true;
    std::vector<Decision> decisions(run.calls);
    for (int call = 0; call < run.calls; ++call)
      if (!scheduled[IndexOf(run, call)]) decisions[call] = {Action::kShallow, options_.branch};
    return MakeReplayPolicy(std::move(decisions));
  }

 private:
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

std::unique_ptr<Method> MakeDeepCache(const DeepCacheOptions& options) {
  Table().Validate(options);
  return std::make_unique<DeepCache>(options);
}

MethodType DeepCacheType() {
  return DeclareMethod("full forwards at scheduled calls, shallow ones on cached features between (CVPR 2024)", Table(),
                       MakeDeepCache);
}

}  // namespace skipbench
