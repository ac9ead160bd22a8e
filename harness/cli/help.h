// The help of commands, as text.
#pragma once

#include <string>
#include <vector>

#include "harness/cli/commands.h"

namespace skipbench::cli {

// A command line without the program's name, and what it is for.
struct Example {
  std::string line, what;
};
// Those of a command ("run", "path export"); nothing where it has none.
const std::vector<Example>& ExamplesOf(const std::string& command);

// In the layout that help2man turns into a man page: usage, summary, options, examples.
std::string RenderHelp(const HelpWanted& help);

}  // namespace skipbench::cli
