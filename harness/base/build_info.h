// What this program was built from and with.
#pragma once

#include <string>

namespace skipbench {

struct BuildInformation {
  std::string version;           // "0.1.0"
  std::string git_revision;      // 40 hexadecimal digits; "unknown" outside a git checkout
  bool dirty = false;            // sources differed from that revision
  std::string libtorch_version;  // "2.11.0"
  std::string compiler;          // "GNU 12.2.0"
  std::string build_type;        // "Release"
  bool cuda = false;             // linked with a CUDA LibTorch
};

const BuildInformation& BuildInfo();

}  // namespace skipbench
