// Which files a model's folder keeps its weights in, and what PyTorch's wrappers made of their tensors' names.
#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <string_view>
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

// Names of tensors as PyTorch's wrappers leave them in a state dict that was saved from the wrapped network.
//
// torch.compile(network) is a module whose only child is `_orig_mod`, as a part of a network too
// ("down_blocks.0._orig_mod.resnets..."); DataParallel and DistributedDataParallel are modules whose only child is
// `module`, around all of it.
class WrapperNames {
 public:
  // `names`: of all tensors that were saved together. "module." is a wrapper's only where all of them begin with it.
  explicit WrapperNames(const std::vector<std::string>& names = {});

  // The name without the wrappers: "module._orig_mod.conv_in.weight" is "conv_in.weight".
  std::string Bare(std::string_view name) const;
  // What Bare() leaves out of these names: none, "_orig_mod.", "module." or both.
  const std::set<std::string>& found() const { return found_; }

 private:
  bool data_parallel_ = false;
  std::set<std::string> found_;
};

}  // namespace skipbench
