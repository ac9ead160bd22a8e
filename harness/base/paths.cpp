#include "harness/base/paths.h"

#include <cstdlib>
#include <sstream>

namespace skipbench {

namespace fs = std::filesystem;

std::vector<fs::path> SplitPaths(const std::string& list) {
  std::vector<fs::path> paths;
  std::istringstream in(list);
  for (std::string one; std::getline(in, one, ':');)
    if (!one.empty()) paths.emplace_back(one);
  return paths;
}

std::vector<fs::path> PathsOfEnvironment(const char* variable) {
  const char* list = std::getenv(variable);
  return list ? SplitPaths(list) : std::vector<fs::path>();
}

// The program stands in build/ of the checkout, beside datasets/.
fs::path ShippedFolder(const std::string& name) {
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  return program.parent_path().parent_path() / "datasets" / name;
}

}  // namespace skipbench
