// The subcommands. Each takes the arguments after its name and returns the exit code (README.md has the table of them).
// Errors are thrown; main prints them.
#pragma once

#include <fmt/format.h>

#include <boost/program_options.hpp>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "harness/base/error.h"

namespace skipbench::cli {

using Texts = std::vector<std::string>;

int Run(const Texts& args);
int Compare(const Texts& args);
int Status(const Texts& args);
int Merge(const Texts& args);
int Verdict(const Texts& args);
int Submit(const Texts& args);
int Table(const Texts& args);
int Report(const Texts& args);
int Path(const Texts& args);
int Macs(const Texts& args);
int List(const Texts& args);
int Calibrate(const Texts& args);
int Tune(const Texts& args);
int Metrics(const Texts& args);
int Profile(const Texts& args);
int Doctor(const Texts& args);
int History(const Texts& args);
int Completion(const Texts& args);

struct CommandEntry {
  std::string name;
  std::string summary;
  std::function<int(const Texts&)> run;
  Texts subcommands = {};  // "export" of "path"
};
const std::vector<CommandEntry>& Commands();

// One option, as Parse() takes them.
struct Option {
  std::string name;                               // "format", "format,f"
  boost::program_options::value_semantic* value;  // Parse() takes it over
  std::string help;
  Texts choices = {};  // the values there are, where they are few: for the help and for shells that complete them

  // The same option with its choices.
  Option Of(Texts values) && {
    choices = std::move(values);
    return std::move(*this);
  }
};
inline Option Flag(const char* name, const char* help) { return {name, boost::program_options::bool_switch(), help}; }
template <class T>
Option Optional(const char* name, const char* help) {
  return {name, boost::program_options::value<T>(), help};
}
template <class T>
Option Default(const char* name, const T& value, const char* help) {
  return {name, boost::program_options::value<T>()->default_value(value, fmt::format("{}", value)), help};
}
// May be given again.
inline Option Repeated(const char* name, const std::string& help) {
  return {name, boost::program_options::value<Texts>()->composing(), help};
}
// What stands on the command line without a name.
inline Option Input(const char* help) { return {"input", boost::program_options::value<Texts>(), help}; }
inline Option Models() {
  return Default<std::string>("models", "", "folders to look for models in, separated by colons");
}
inline Option Quiet() { return Flag("quiet,q", "no progress line"); }

// What a command's options were given. Errors begin with "skipbench COMMAND: ".
class Values {
 public:
  Values(std::string command, boost::program_options::variables_map values)
      : command_(std::move(command)), values_(std::move(values)) {}
  bool Has(const char* name) const { return values_.contains(name); }
  bool IsSet(const char* flag) const { return values_[flag].as<bool>(); }
  template <class T>
  T Get(const char* name) const {
    return values_[name].as<T>();
  }
  // Nothing where the option is not given.
  std::string Text(const char* name) const { return Has(name) ? Get<std::string>(name) : ""; }
  Texts All(const char* name) const { return Has(name) ? Get<Texts>(name) : Texts{}; }
  // A number in [min, max], both of which the error names.
  template <class T>
  T Number(const char* name, T min, T max = std::numeric_limits<T>::max()) const {
    const T value = Get<T>(name);
    const bool open = max == std::numeric_limits<T>::max();
    if (value >= min && (open || value <= max)) return value;
    if (open) Fail("skipbench {}: --{}: expected {} or more, found {}", command_, name, min, value);
    Fail("skipbench {}: --{}: expected {} to {}, found {}", command_, name, min, max, value);
  }
  // A text out of `choices`. `where` begins the error: "--format: expected markdown or json, found ...".
  std::string Choice(const char* name, const Texts& choices, const char* expected = "expected") const;
  // The only input; `expected`: "one config file".
  std::string OnlyInput(const char* expected) const {
    const Texts inputs = All("input");
    if (inputs.size() != 1) Fail("skipbench {}: {} was expected", command_, expected);
    return inputs[0];
  }

 private:
  std::string command_;
  boost::program_options::variables_map values_;
};

// Parses `args`; throws HelpWanted when --help is given, and Error that names the command for arguments that do not
// fit.
Values Parse(const std::string& command, const std::string& usage, const std::vector<Option>& options,
             const Texts& args);

// What a command says of itself.
struct HelpWanted {
  struct Line {
    std::string name;  // "out"; "input": what stands without a name
    char letter = 0;   // 'o', or 0
    bool takes_value = false;
    std::string value;     // what the help calls it: "DIR"
    std::string fallback;  // the default, or ""
    Texts choices;
    std::string help;
  };
  std::string command;
  Texts usage;  // one line for each way to call it, without the program's name
  std::vector<Line> options;
};

}  // namespace skipbench::cli
