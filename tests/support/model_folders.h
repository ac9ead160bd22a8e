// The small models of the fixtures: what the catalogs of networks and pipelines are tested on, found by their
// model_index.json.
#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "harness/base/json.h"
#include "tests/support/fixtures.h"

namespace skipbench::testing {

struct ModelExample {
  std::string name;  // of its folder, letters, digits and "_"
  std::filesystem::path folder;
  Json index;  // model_index.json
};

// tests/fixtures/*/models/*, in the order of their names, each name once.
inline std::vector<ModelExample> ModelExamples() {
  std::set<std::filesystem::path> indices;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(SourceDir() / "tests/fixtures"))
    if (entry.path().filename() == "model_index.json") indices.insert(entry.path());
  std::set<std::string> seen;
  std::vector<ModelExample> examples;
  for (const auto& index : indices) {
    std::string name = index.parent_path().filename().string();
    for (char& c : name)
      if (!std::isalnum(static_cast<unsigned char>(c))) c = '_';
    if (seen.insert(name).second) examples.push_back({name, index.parent_path(), ReadJsonFile(index)});
  }
  return examples;
}

}  // namespace skipbench::testing
