#include "methods/deepcache/deepcache.h"

#include <algorithm>

#include "methods/deepcache/schedule.h"

namespace skipbench {
namespace {

using Options = DeepCacheOptions;

class DeepCachePolicy : public Policy {
 public:
  DeepCachePolicy(std::vector<bool> full, int branch) : full_(std::move(full)), branch_(branch) {}
  Decision Decide(int call) override {
    return full_.at(call) ? Decision{Action::kPredict} : Decision{Action::kShallow, branch_};
  }
  void Observe(int, const Observation&) override {}
  std::unique_ptr<Policy> Clone() const override { return std::make_unique<DeepCachePolicy>(*this); }

 private:
  std::vector<bool> full_;
  int branch_;
};

const char* Name(Options::Schedule schedule) {
  switch (schedule) {
    case Options::Schedule::kUniform: return "uniform";
    case Options::Schedule::kQuadCenter: return "quad_center";
    case Options::Schedule::kQuad: return "quad";
  }
  return "?";
}

class DeepCache : public Method {
 public:
  explicit DeepCache(const Options& options) : options_(options) {}
  std::string type() const override { return "deepcache"; }

  std::string Label() const override {
    std::string label = fmt::format("deepcache(interval={},branch={}", options_.interval, options_.branch);
    if (options_.schedule != Options::Schedule::kUniform) label += fmt::format(",schedule={},power={}", Name(options_.schedule), options_.power);
    if (options_.schedule == Options::Schedule::kQuadCenter) label += fmt::format(",center={}", options_.center);
    if (options_.index == Options::Index::kCall) label += ",index=call";
    return label + ")";
  }

  std::vector<int> CachedBranches(const RunShape&) const override { return {options_.branch}; }

  std::unique_ptr<Policy> Start(const RunShape& run) const override {
    if (run.branches == 0) FailUnsupported("{}: this pipeline's network has no shallow forward", Label());
    if (options_.branch >= run.branches)
      Fail("{}: the network has branches 0 to {}, not {}", Label(), run.branches - 1, options_.branch);
    std::vector<bool> scheduled(run.calls, false);
    for (int step : FullSteps(run.steps))
      if (step < run.calls) scheduled[step] = true;
    if (options_.schedule == Options::Schedule::kUniform)
      for (int call = 0; call < run.calls; call += options_.interval) scheduled[call] = true;
    std::vector<bool> full(run.calls);
    for (int call = 0; call < run.calls; ++call) full[call] = scheduled[IndexOf(run, call)];
    return std::make_unique<DeepCachePolicy>(std::move(full), options_.branch);
  }

 private:
  std::vector<int> FullSteps(int steps) const {
    const int count = (steps + options_.interval - 1) / options_.interval;
    switch (options_.schedule) {
      case Options::Schedule::kUniform: return {};
      case Options::Schedule::kQuadCenter: return QuadCenterSchedule(steps, count, options_.center, options_.power).full_steps;
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

std::unique_ptr<Method> Make(const JsonReader& json) {
  Options options;
  options.interval = static_cast<int>(json.IntOr("interval", options.interval, 1, 1000));
  options.branch = static_cast<int>(json.IntOr("branch", options.branch, 0, 1000));
  const std::string schedule = json.OneOf("schedule", "uniform", {"uniform", "quad_center", "quad"});
  if (schedule == "quad_center") options.schedule = Options::Schedule::kQuadCenter;
  if (schedule == "quad") options.schedule = Options::Schedule::kQuad;
  options.power = json.DoubleOr("power", options.power, 1.0, 10.0);
  options.center = static_cast<int>(json.IntOr("center", options.center, 1, 1000));
  if (json.Has("power") && schedule == "uniform") json.FailAt("power", "the uniform schedule has no power");
  if (json.Has("center") && schedule != "quad_center") json.FailAt("center", "only the schedule \"quad_center\" has a center");
  if (json.OneOf("index", "timestep", {"timestep", "call"}) == "call") options.index = Options::Index::kCall;
  return MakeDeepCache(options);
}

}  // namespace

std::unique_ptr<Method> MakeDeepCache(const DeepCacheOptions& options) { return std::make_unique<DeepCache>(options); }

MethodType DeepCacheType() {
  return {"deepcache",
          "full forwards at scheduled calls, shallow ones on cached features between (CVPR 2024)",
          {{"interval", "integer >= 1", "3", "a full forward every N calls (N on average for the non-uniform schedules)"},
           {"branch", "integer >= 0", "0", "cache position, numbered as by the pip package's helper"},
           {"schedule", "uniform | quad_center | quad", "uniform", "which calls are full"},
           {"power", "number in [1, 10]", "1.2", "of the non-uniform schedules"},
           {"center", "integer >= 1", "15", "of quad_center: the call around which full forwards are densest"},
           {"index", "timestep | call", "timestep", "look a call up by its timestep's first place (the helper's way) or by number"}},
          Make};
}

}  // namespace skipbench
