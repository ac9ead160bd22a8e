#include "harness/schedulers/catalog.h"

#include "harness/base/did_you_mean.h"
#include "harness/schedulers/ddim.h"
#include "harness/schedulers/ddpm.h"
#include "harness/schedulers/dpm_solver_multistep.h"
#include "harness/schedulers/euler.h"
#include "harness/schedulers/flow_match_euler.h"
#include "harness/schedulers/pndm.h"
#include "harness/schedulers/unipc_multistep.h"

namespace skipbench {
namespace {

constexpr int kMaxSteps = 1'000'000;

const Json& OrEmpty(const Json& object) {
  static const Json empty = Json::object();
  return object.is_null() ? empty : object;
}

}  // namespace

const std::vector<SchedulerType>& SchedulerTypes() {
  static const std::vector<SchedulerType> types = {
      DdimType(),           DdimQuadraticType(),      DdpmType(),           PndmType(),           EulerType(),
      EulerAncestralType(), DpmSolverMultistepType(), UniPcMultistepType(), FlowMatchEulerType(),
  };
  return types;
}

const SchedulerType& FindSchedulerType(const std::string& type, const std::string& where) {
  std::vector<std::string> names, class_names;
  for (const SchedulerType& entry : SchedulerTypes()) {
    if (!type.empty() && (type == entry.name || type == entry.class_name)) return entry;
    names.push_back(entry.name);
    if (!entry.class_name.empty()) class_names.push_back(entry.class_name);
  }
  names.insert(names.end(), class_names.begin(), class_names.end());
  FailUnsupported("{}: unknown scheduler \"{}\"; {}", where, type, KnownNames(type, names));
}

SchedulerSource::SchedulerSource(const Json& config, const std::string& origin, JsonReader overrides)
    : config_(OrEmpty(config), origin), overrides_(std::move(overrides)) {
  overrides_.Ignore("type");
}

const JsonReader& SchedulerSource::operator()(const OptionSpec& option) const {
  // An explicit null of the user asks for the default.
  return !option.from_file && overrides_.Find(option.name) ? overrides_ : config_;
}

OptionSource SchedulerSource::From(const OptionSpec& option) const {
  const JsonReader& reader = (*this)(option);
  if (!reader.Has(option.name)) return OptionSource::kDefault;
  return &reader == &overrides_ ? OptionSource::kUser : OptionSource::kFile;
}

BuiltScheduler BuildScheduler(const std::string& type, const Json& config, const Json& overrides, int steps,
                              const std::string& origin, const SchedulerPlace& place) {
  const SchedulerType& entry = FindSchedulerType(type, origin);
  if (steps < 1 || steps > kMaxSteps)
    Fail("scheduler {}: the number of steps must be in [1, {}], found {}", entry.name, kMaxSteps, steps);
  const std::string file = place.file.empty() ? fmt::format("options of scheduler {}", entry.name) : place.file;
  return entry.make(SchedulerSource(config, origin, JsonReader(OrEmpty(overrides), file, place.path)), steps);
}

std::shared_ptr<const Scheduler> MakeScheduler(const std::string& type, const Json& config, const Json& overrides,
                                               int steps, const std::string& origin, const SchedulerPlace& place) {
  return BuildScheduler(type, config, overrides, steps, origin, place).scheduler;
}

}  // namespace skipbench
