#include "methods/fewer_steps/fewer_steps.h"

#include "methods/fixed_path/precomputed_path.h"

namespace skipbench {
namespace {

class FewerSteps : public Method {
 public:
  explicit FewerSteps(int steps) : steps_(steps) {}
  std::string type() const override { return "fewer_steps"; }
  std::string Label() const override { return fmt::format("fewer_steps(steps={})", steps_); }
  Schedule Plan(const Schedule&) const override { return {steps_}; }
  std::unique_ptr<Policy> Start(const RunShape& run) const override { return MakeReplayPolicy(Mask(run.calls, 1)); }

 private:
  int steps_;
};

struct Options {
  int steps = 1;
};

}  // namespace

MethodType FewerStepsType() {
  const OptionTable<Options> table(
      "fewer_steps", {Field("steps", &Options::steps).Min(1).Max(1000).Required().Help("number of steps")});
  return DeclareMethod("the same sampler with fewer steps, nothing skipped", table,
                       [](const Options& options) { return std::make_unique<FewerSteps>(options.steps); });
}

}  // namespace skipbench
