#include "harness/store/builds.h"

#include <fmt/ranges.h>

#include <algorithm>

namespace skipbench {

std::string DescribeBuilds(const std::vector<Json>& environments) {
  std::vector<std::string> builds;
  for (const auto& one : environments) {
    const std::string revision = one.value("git_revision", "");
    std::string build = one.value("skipbench_version", "?");
    if (!revision.empty())
      build += fmt::format(" ({}{})", revision.substr(0, 12), one.value("git_dirty", false) ? ", modified" : "");
    if (std::find(builds.begin(), builds.end(), build) == builds.end()) builds.push_back(std::move(build));
  }
  return builds.empty() ? "skipbench ?" : fmt::format("skipbench {}", fmt::join(builds, " and "));
}

}  // namespace skipbench
