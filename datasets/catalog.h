// The kinds of data a config can name.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "datasets/dataset.h"

namespace skipbench {

struct DatasetType {
  std::string name;            // `type` in the config
  std::string description;     // one line, with the keys
  Dataset (*read)(const JsonReader& config, const std::filesystem::path& base_folder);
};

// All of them. To add one, write its reader and list it here.
const std::vector<DatasetType>& DatasetTypes();

// `config`: the object {"type": ..., ...}; relative paths in it start from `base_folder`. An unknown type is an Error that
// lists the known ones; so are unknown keys.
std::unique_ptr<Dataset> MakeDataset(const JsonReader& config, const std::filesystem::path& base_folder);

}  // namespace skipbench
