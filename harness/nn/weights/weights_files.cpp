#include "harness/nn/weights/weights_files.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "harness/base/error.h"
#include "harness/base/json.h"

namespace skipbench {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kCompiled = "_orig_mod.", kDataParallel = "module.";

// The name without torch.compile's part wherever it stands.
std::string WithoutCompiled(std::string_view name) {
  std::string bare;
  while (!name.empty()) {
    if (name.starts_with(kCompiled)) {
      name.remove_prefix(kCompiled.size());
      continue;
    }
    const size_t end = std::min(name.find('.'), name.size() - 1) + 1;
    bare += name.substr(0, end);
    name.remove_prefix(end);
  }
  return bare;
}

WeightFiles ReadIndex(const fs::path& path) {
  WeightFiles found;
  found.index = path;
  const Json json = ReadJsonFile(path);
  const JsonReader reader(json, path.string());
  const JsonReader map = reader.Object("weight_map");
  std::set<std::string> names;
  for (const auto& [tensor, file] : map.json().items()) {
    const std::string name = map.String(tensor);
    // Only files beside the index: an index is no way to reach the rest of the disk.
    if (name.empty() || name != fs::path(name).filename().string() || name == "." || name == "..")
      map.FailAt(tensor, fmt::format("expected the name of a file in the same folder, found \"{}\"", name));
    names.insert(name);
    found.weight_map.emplace(tensor, name);
  }
  if (names.empty()) reader.FailAt("weight_map", "names no file");
  for (const std::string& name : names) {
    if (!fs::exists(path.parent_path() / name))
      Fail("{}: names the shard {}, which is missing from the folder", path.string(), name);
    found.files.push_back(path.parent_path() / name);
  }
  return found;
}

// What of the folder might have been meant instead.
[[noreturn]] void FailNothingFound(const fs::path& folder, const std::vector<std::string>& wanted) {
  std::vector<std::string> others, pickles;
  std::error_code error;
  for (const auto& one : fs::directory_iterator(folder, error)) {
    const fs::path name = one.path().filename();
    if (name.extension() == ".safetensors") others.push_back(name.string());
    if (name.extension() == ".bin" || name.extension() == ".ckpt" || name.extension() == ".pt" ||
        name.extension() == ".pth")
      pickles.push_back(name.string());
  }
  std::sort(others.begin(), others.end());
  std::sort(pickles.begin(), pickles.end());
  std::string hint;
  if (!others.empty())
    hint = fmt::format(
        "; there is {} (what stands between the dots is a variant: \"variant\": \"fp16\" in the config reads "
        "MODEL.fp16.safetensors)",
        fmt::join(others, ", "));
  else if (!pickles.empty())
    hint = fmt::format(
        "; {} is a pickle, which can run code when it is read: convert it with one of the scripts in scripts/convert/",
        fmt::join(pickles, ", "));
  Fail("{}: no weights: looked for {}{}", folder.string(), fmt::join(wanted, " and "), hint);
}

std::string SingleName(const std::string& stem, const std::string& variant) {
  return stem + (variant.empty() ? "" : "." + variant) + ".safetensors";
}

std::string IndexName(const std::string& stem, const std::string& variant) {
  return stem + ".safetensors.index" + (variant.empty() ? "" : "." + variant) + ".json";
}

}  // namespace

WrapperNames::WrapperNames(const std::vector<std::string>& names) {
  data_parallel_ = !names.empty();
  for (const auto& name : names) {
    const std::string bare = WithoutCompiled(name);
    if (bare.size() != name.size()) found_.emplace(kCompiled);
    data_parallel_ &= bare.starts_with(kDataParallel);
  }
  if (data_parallel_) found_.emplace(kDataParallel);
}

std::string WrapperNames::Bare(std::string_view name) const {
  const std::string bare = WithoutCompiled(name);
  return data_parallel_ && bare.starts_with(kDataParallel) ? bare.substr(kDataParallel.size()) : bare;
}

bool HasWeightFiles(const fs::path& folder, const std::string& stem, const std::string& variant) {
  std::error_code error;
  const auto there = [&](const std::string& name) {
    return fs::exists(folder / name, error) || fs::is_symlink(folder / name, error);
  };
  return there(SingleName(stem, variant)) || there(IndexName(stem, variant));
}

std::string ExistingVariant(const fs::path& folder, const std::string& stem, const std::string& variant) {
  return !variant.empty() && !HasWeightFiles(folder, stem, variant) && HasWeightFiles(folder, stem, "") ? "" : variant;
}

WeightFiles FindWeightFiles(const fs::path& folder, const std::string& stem, const std::string& variant) {
  std::error_code error;
  if (!fs::is_directory(folder, error)) Fail("{}: no such folder", folder.string());
  const std::string single = SingleName(stem, variant), index = IndexName(stem, variant);
  if (!fs::exists(folder / single) && fs::is_symlink(folder / single))
    Fail("{}: a link to {}, which is missing (a snapshot of a Hugging Face cache needs the folder blobs beside it)",
         (folder / single).string(), fs::read_symlink(folder / single, error).string());
  if (fs::exists(folder / single)) return {{folder / single}, {}, {}};
  if (fs::exists(folder / index)) return ReadIndex(folder / index);
  FailNothingFound(folder, {single, index});
}

}  // namespace skipbench
