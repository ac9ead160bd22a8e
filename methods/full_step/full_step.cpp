#include "methods/full_step/full_step.h"

#include "methods/fixed_path/precomputed_path.h"

namespace skipbench {
namespace {

class FullStep : public Method {
 public:
  std::string type() const override { return "full_step"; }
  std::string Label() const override { return "full_step"; }
  std::unique_ptr<Policy> Start(const RunShape& run) const override { return MakeReplayPolicy(Mask(run.calls, 1)); }
};

}  // namespace

std::unique_ptr<Method> MakeFullStep() { return std::make_unique<FullStep>(); }

MethodType FullStepType() {
  struct None {};
  return DeclareMethod("every prediction of every step; the reference", OptionTable<None>("full_step", {}),
                       [](const None&) { return MakeFullStep(); });
}

}  // namespace skipbench
