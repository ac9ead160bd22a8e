// The kinds of data a config can name.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "datasets/dataset.h"

namespace skipbench {

struct DatasetType {
  std::string name;  // `type` in the config
  std::string summary;
  std::vector<OptionSpec> options;
  std::function<Dataset(const JsonReader& config, const std::filesystem::path& base_folder)> read;
};

// The type whose options `table` declares and `read` takes, with the folder that relative paths start from; its name is
// the table's owner.
template <typename Options>
DatasetType DeclareDataset(std::string summary, const OptionTable<Options>& table,
                           Dataset (*read)(const Options&, const std::filesystem::path& base_folder)) {
  const auto make = [=](const JsonReader& config, const std::filesystem::path& base_folder) {
    config.Ignore("type");
    const Options options = table.Read(config);
    try {
      return read(options, base_folder);
    } catch (const OptionError& e) {
      e.FailAt(config);
    }
  };
  return {table.owner(), std::move(summary), table.List(), make};
}

// All of them. To add one, write its reader and list it here.
const std::vector<DatasetType>& DatasetTypes();

// `config`: the object {"type": ..., ...}; relative paths in it start from `base_folder`. An unknown type is an Error
// that lists the known ones; so are unknown keys.
std::unique_ptr<Dataset> MakeDataset(const JsonReader& config, const std::filesystem::path& base_folder);

}  // namespace skipbench
