// Lists of paths, and where the data that comes with the program stands.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace skipbench {

// The paths of "A:B:C"; empty parts are left out.
std::vector<std::filesystem::path> SplitPaths(const std::string& list);

// The paths that an environment variable lists, as "A:B:C"; none where it is not set.
std::vector<std::filesystem::path> PathsOfEnvironment(const char* variable);

// The folder datasets/NAME that ships: of the checkout whose build folder holds this program, or of the place that it
// was installed to. It need not exist.
std::filesystem::path ShippedFolder(const std::string& name);

}  // namespace skipbench
