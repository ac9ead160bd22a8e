// What a command that can be stopped and resumed says when it is asked to stop.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "harness/base/stop.h"
#include "harness/cli/commands.h"
#include "harness/experiment/run/run_experiment.h"

namespace skipbench::cli {

// --grace.
Option Grace();

// Takes the signals as long as it lives.
class Stopping {
 public:
  // `args`: the command's arguments, from which the line that resumes it is made. `joins`: the same line again goes on
  // by itself. Error for a --grace that is no time.
  Stopping(const std::string& command, const Texts& args, const Values& values, bool joins = false);

  // Lets the run say how far it is, and stop; `run.out` is the folder.
  void Attach(RunOptions* run);
  StopRequests& requests() { return *requests_; }

 private:
  struct State;
  std::shared_ptr<State> state_;
  std::unique_ptr<StopRequests> requests_;
};

// A line for a shell: words that need it in quotation marks.
std::string ShellLine(const Texts& words);

}  // namespace skipbench::cli
