// Options of a scheduler: diffusers' constructor arguments, taken from a pipeline's scheduler_config.json and overridden
// by the user, by the rules of diffusers' from_config.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "harness/base/json.h"

namespace skipbench {

// Where the value of an option comes from.
enum class OptionSource { kUser, kFile, kDefault };

// One option that is in force, with the value that the scheduler was built from.
struct SchedulerOption {
  std::string key;
  Json value;
  OptionSource source = OptionSource::kDefault;
};

// Every getter takes the option's default of the class that is being built; it is what counts when neither the user nor
// the file gives the key (a null counts as the default). Values of a wrong type or range are Errors that name the source
// and the key, values that skipbench lacks are UnsupportedErrors that also say what there is.
class SchedulerOptions {
 public:
  // `type` for messages: "ddim". `config` and `overrides` must outlive this object.
  SchedulerOptions(std::string type, const Json& config, const Json& overrides, const std::string& origin);

  const std::string& type() const { return type_; }

  int64_t Int(const std::string& key, int64_t fallback, int64_t min, int64_t max) const;
  double Double(const std::string& key, double fallback, double min, double max) const;
  bool Bool(const std::string& key, bool fallback) const;
  std::string String(const std::string& key, const std::string& fallback) const;
  std::vector<double> DoublesOr(const std::string& key, std::vector<double> fallback) const;
  // A string out of `supported`; anything else is an UnsupportedError.
  std::string Choice(const std::string& key, const std::string& fallback, const std::vector<std::string>& supported) const;

  bool Has(const std::string& key) const;               // given by the user or the file, and not null
  bool IsOverride(const std::string& key) const;        // given by the user
  const Json* Find(const std::string& key) const;       // as it is given; nullptr if neither gives it
  // A number that only counts in the file.
  double FileDouble(const std::string& key, double fallback, double min, double max) const;
  // Reader of the file alone, for the few keys that only count there.
  const JsonReader& config() const { return config_; }

  [[noreturn]] void FailAt(const std::string& key, const std::string& what) const;
  [[noreturn]] void FailUnsupportedAt(const std::string& key, const std::string& what) const;

  // To be called when all options have been read: an override that nobody asked for is an Error.
  void RejectUnknownOverrides() const { overrides_.RejectUnknownKeys(); }

  // Every option that was asked for, by name. A number that only the file gives, see FileDouble(), is among them if it gives it.
  std::vector<SchedulerOption> InForce() const;

 private:
  const JsonReader& SourceOf(const std::string& key) const;   // the user's options if they have the key, else the file
  template <typename Value>
  Value Note(const std::string& key, Value value) const;
  std::string type_;
  mutable std::map<std::string, SchedulerOption> in_force_;
  JsonReader config_;
  JsonReader overrides_;
};

}  // namespace skipbench
