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

// build/skipbench of this build.
std::string SkipbenchPath();

}  // namespace skipbench::testing
