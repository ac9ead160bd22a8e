#include "methods/full_step/full_step.h"

namespace skipbench {
namespace {

class FullStepPolicy : public Policy {
 public:
  Decision Decide(int) override { return {Action::kPredict}; }
  void Observe(int, const Observation&) override {}
  std::unique_ptr<Policy> Clone() const override { return std::make_unique<FullStepPolicy>(*this); }
};

class FullStep : public Method {
 public:
  std::string type() const override { return "full_step"; }
  std::string Label() const override { return "full_step"; }
  std::unique_ptr<Policy> Start(const RunShape&) const override { return std::make_unique<FullStepPolicy>(); }
};

}  // namespace

std::unique_ptr<Method> MakeFullStep() { return std::make_unique<FullStep>(); }

MethodType FullStepType() {
  struct None {};
  return DeclareMethod("every prediction of every step; the reference", OptionTable<None>("full_step", {}),
                       [](const None&) { return MakeFullStep(); });
}

}  // namespace skipbench
