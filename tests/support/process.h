// Runs a program and waits for it: for tests of the command line.
#pragma once

#include <string>
#include <vector>

namespace skipbench::testing {

struct ProcessResult {
  int exit_code = -1;  // -signal when it was killed
  std::string out;
  std::string err;
};

// `kill_after_ms` >= 0: SIGKILL after that time.
ProcessResult RunProcess(const std::vector<std::string>& argv, int kill_after_ms = -1, const std::string& cwd = "");

// A program at work, to be signalled.
class Child {
 public:
  explicit Child(const std::vector<std::string>& argv, const std::string& cwd = "");
  ~Child();  // killed, if nobody has waited for it
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  int pid() const { return pid_; }
  bool running();
  void Signal(int signal) const;
  // Reads what it prints to its end; SIGKILL after `kill_after_ms` >= 0.
  ProcessResult Wait(int kill_after_ms = -1);

 private:
  int pid_ = -1, out_ = -1, err_ = -1;
};

// build/skipbench of this build.
std::string SkipbenchPath();

}  // namespace skipbench::testing
