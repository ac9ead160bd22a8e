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

// The program stands in build/ of the checkout, beside datasets/, or where it was installed, in bin/ beside share/.
fs::path ShippedFolder(const std::string& name) {
  std::error_code error;
  const fs::path prefix = fs::read_symlink("/proc/self/exe", error).parent_path().parent_path();
  const fs::path installed = prefix / "share" / "skipbench" / "datasets" / name;
  return fs::exists(installed, error) ? installed : prefix / "datasets" / name;
}

}  // namespace skipbench
