// Which files a model's folder keeps its weights in. Used by weights.cpp.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace skipbench {

struct WeightFiles {
  std::vector<std::filesystem::path> files;       // one, or the shards in order of name
  std::filesystem::path index;                    // the *.index.json, empty if there is one file only
  std::map<std::string, std::string> weight_map;  // of the index: tensor -> shard's file name
};

// Whether there is anything that FindWeightFiles would take.
bool HasWeightFiles(const std::filesystem::path& folder, const std::string& stem, const std::string& variant);

// `variant`, or none where only plain files are there.
std::string ExistingVariant(const std::filesystem::path& folder, const std::string& stem, const std::string& variant);

// FOLDER/STEM[.variant].safetensors, or the shards that FOLDER/STEM.safetensors.index[.variant].json names. Throws
// Error that says what was looked for and what there is instead.
WeightFiles FindWeightFiles(const std::filesystem::path& folder, const std::string& stem, const std::string& variant);

}  // namespace skipbench
