// Skip masks as other programs write them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace skipbench {

struct MaskFile {
  std::vector<uint8_t> mask;  // 1: the network runs, 0: it does not
  std::string name;           // the setting that it is the path of; "" where the file does not say
};

// Reads a mask out of text: a JSON list of 0 and 1; a JSON object with one under "mask" or "steps_computation_mask";
// Python (or YAML) with one such list, "MASK = [1, 0, ...]", comments and True/False allowed; or "1101". Error
// beginning with `origin` (a file name): anything else, several different lists, a first entry that is 0.
MaskFile ParseMask(const std::string& text, const std::string& origin);

// The same of a file of at most 1 MiB.
MaskFile ReadMaskFile(const std::filesystem::path& path);

}  // namespace skipbench
