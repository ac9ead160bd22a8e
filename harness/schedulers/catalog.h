// All schedulers, by name. Adding one takes its unit and a line in catalog.cpp (README.md).
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "harness/base/options.h"
#include "harness/schedulers/scheduler.h"

namespace skipbench {

enum class OptionSource { kUser, kFile, kDefault };

// The options of a scheduler as they are given: the user's, over those of the model's scheduler_config.json, by the
// rules of diffusers' from_config. Keys of the file that the class does not know are ignored, as there; the user's are
// Errors.
class SchedulerSource {
 public:
  // `config` of the file `origin`, and both readers' objects, must outlive this object.
  SchedulerSource(const Json& config, const std::string& origin, JsonReader overrides);

  const JsonReader& operator()(const OptionSpec& option) const;
  OptionSource From(const OptionSpec& option) const;
  void RejectUnknownOverrides() const { overrides_.RejectUnknownKeys(); }

 private:
  JsonReader config_, overrides_;
};

// One option that is in force, with the value that the scheduler was built from.
struct SchedulerOption {
  std::string key;
  Json value;
  OptionSource source = OptionSource::kDefault;
};

struct BuiltScheduler {
  std::shared_ptr<const Scheduler> scheduler;
  std::vector<SchedulerOption> options;  // every option that its class knows and that has a value, by name
};

struct SchedulerType {
  std::string name;        // "ddim", as in a config
  std::string class_name;  // diffusers', "DDIMScheduler"; "": it has none
  std::string summary;
  std::vector<OptionSpec> options;  // diffusers' constructor arguments
  std::function<BuiltScheduler(const SchedulerSource& source, int steps)> make;
};

// The type whose options `table` declares and `make` takes; its name is the table's owner. `resolve` gives a value to
// options whose default depends on others, and takes it from those that are of no effect.
template <typename Options>
SchedulerType DeclareScheduler(std::string class_name, std::string summary, const OptionTable<Options>& table,
                               std::shared_ptr<const Scheduler> (*make)(const Options& options, int steps),
                               void (*resolve)(Options* options, int steps) = nullptr) {
  const auto build = [=](const SchedulerSource& source, int steps) {
    const OptionFields::Source where = std::cref(source);  // which notes what was asked for
    Options options = table.Read(where);
    source.RejectUnknownOverrides();
    BuiltScheduler built;
    try {
      if (resolve) resolve(&options, steps);
      built.scheduler = make(options, steps);
    } catch (const OptionError& e) {
      table.FailAt(where, e);
    }
    const Json values = table.Write(options);
    for (const auto& field : table.fields())
      if (values.contains(field.spec.name))
        built.options.push_back({field.spec.name, values[field.spec.name], source.From(field.spec)});
    return built;
  };
  return {table.owner(), std::move(class_name), std::move(summary), table.List(), build};
}

const std::vector<SchedulerType>& SchedulerTypes();

// The type of a name, or of diffusers' class name. Throws UnsupportedError that lists both; `where` stands in front.
const SchedulerType& FindSchedulerType(const std::string& type, const std::string& where);

// Where the user gives a scheduler's options, for messages: "my.json", "scheduler[1]".
struct SchedulerPlace {
  std::string file;  // "": nobody knows, the scheduler is named instead
  std::string path;
};

// Builds a scheduler.
//   type       a name of SchedulerTypes(), or diffusers' class name (DDIMScheduler, ...)
//   config     the pipeline's scheduler_config.json (or {}); keys it lacks take the default of the class that is built
//              from it
//   overrides  options given by the user, at `place`
//   origin     the config's file name for messages
// Errors name the file (or the scheduler) and the key; what skipbench lacks is an UnsupportedError that says what there
// is.
BuiltScheduler BuildScheduler(const std::string& type, const Json& config, const Json& overrides, int steps,
                              const std::string& origin, const SchedulerPlace& place = {});
std::shared_ptr<const Scheduler> MakeScheduler(const std::string& type, const Json& config, const Json& overrides,
                                               int steps, const std::string& origin, const SchedulerPlace& place = {});

}  // namespace skipbench
