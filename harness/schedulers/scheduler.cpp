#include "harness/schedulers/scheduler.h"

#include "harness/base/did_you_mean.h"
#include "harness/schedulers/ddim.h"
#include "harness/schedulers/ddim_quadratic.h"
#include "harness/schedulers/ddpm.h"
#include "harness/schedulers/dpm_solver_multistep.h"
#include "harness/schedulers/euler.h"
#include "harness/schedulers/euler_ancestral.h"
#include "harness/schedulers/options_in_force.h"
#include "harness/schedulers/pndm.h"

namespace skipbench {
namespace {

constexpr int kMaxSteps = 1'000'000;

struct Entry {
  const char* type;
  const char* class_name;   // diffusers'
  std::shared_ptr<const Scheduler> (*make)(const SchedulerOptions& options, int steps);
};

constexpr Entry kSchedulers[] = {
    {"ddim", "DDIMScheduler", MakeDdim},
    {"ddim_quadratic", "", MakeDdimQuadratic},
    {"ddpm", "DDPMScheduler", MakeDdpm},
    {"pndm", "PNDMScheduler", MakePndm},
    {"euler", "EulerDiscreteScheduler", MakeEuler},
    {"euler_ancestral", "EulerAncestralDiscreteScheduler", MakeEulerAncestral},
    {"dpm_solver_multistep", "DPMSolverMultistepScheduler", MakeDpmSolverMultistep},
};

const Entry& FindScheduler(const std::string& type, const std::string& origin) {
  for (const Entry& entry : kSchedulers)
    if (!type.empty() && (type == entry.type || type == entry.class_name)) return entry;
  std::vector<std::string> names = SchedulerTypes();
  for (const Entry& entry : kSchedulers)
    if (*entry.class_name) names.emplace_back(entry.class_name);
  FailUnsupported("{}: unknown scheduler \"{}\"; {}", origin, type, KnownNames(type, names));
}

std::shared_ptr<const Scheduler> Make(const Entry& entry, const SchedulerOptions& options, int steps) {
  if (steps < 1 || steps > kMaxSteps)
    Fail("scheduler {}: the number of steps must be in [1, {}], found {}", entry.type, kMaxSteps, steps);
  auto scheduler = entry.make(options, steps);
  options.RejectUnknownOverrides();
  return scheduler;
}

}  // namespace

std::shared_ptr<const Scheduler> MakeScheduler(const std::string& type, const Json& config, const Json& overrides, int steps,
                                               const std::string& origin) {
  const Entry& entry = FindScheduler(type, origin);
  return Make(entry, SchedulerOptions(entry.type, config, overrides, origin), steps);
}

std::vector<SchedulerOption> OptionsInForce(const std::string& type, const Json& config, const Json& overrides, int steps,
                                            const std::string& origin) {
  const Entry& entry = FindScheduler(type, origin);
  const SchedulerOptions options(entry.type, config, overrides, origin);
  Make(entry, options, steps);
  return options.InForce();
}

std::vector<std::string> SchedulerTypes() {
  std::vector<std::string> types;
  for (const Entry& entry : kSchedulers) types.emplace_back(entry.type);
  return types;
}

}  // namespace skipbench
