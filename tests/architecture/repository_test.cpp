// The repository stays light, and its pages lead somewhere.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "tests/support/fixtures.h"

namespace skipbench {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kMiB = int64_t{1} << 20;

// Weights and reference data that are above a file's limit, each for a reason that its folder's README gives. In bytes.
const std::map<std::string, int64_t>& LargeFiles() {
  static const std::map<std::string, int64_t> large = {
      {"datasets/fashion_flow/model/vae/diffusion_pytorch_model.safetensors", 1380222},
      {"datasets/fashion_motion/model/unet/diffusion_pytorch_model.safetensors", 9963552},
      {"datasets/fashion_motion/model/vae/diffusion_pytorch_model.safetensors", 1380222},
      {"datasets/fashion_scenes/feature_net/feature_net.safetensors", 1597352},
      {"datasets/fashion_scenes/feature_net/feature_net.torchscript.pt", 1609793},
      {"datasets/fashion_scenes/model/unet/diffusion_pytorch_model.safetensors", 5562520},
      {"datasets/fashion_scenes/model/vae/diffusion_pytorch_model.safetensors", 1380222},
      {"results/complete/results.h5", 2439270},  // of 96 settings; compact: most of it is what names them
      {"tests/fixtures/diffusion/models/ddpm-cifar-tiny/diffusion_pytorch_model.safetensors", 1422876},
      {"tests/fixtures/diffusion/models/ddpm-lsun-tiny/unet/diffusion_pytorch_model.safetensors", 1253732},
      {"tests/fixtures/diffusion/models/ldm4-tiny/unet/diffusion_pytorch_model.safetensors", 2236620},
      {"tests/fixtures/diffusion/models/sd15-tiny/unet/diffusion_pytorch_model.safetensors", 2150040},
      {"tests/fixtures/diffusion/models/sdxl-tiny/unet/diffusion_pytorch_model.safetensors", 2816376},
      {"tests/fixtures/metrics/frechet/features.safetensors", 1065664},
      {"tests/fixtures/metrics/fvd/clips.safetensors", 2359456},
      {"tests/fixtures/video/models/i2vgen-xl-tiny/unet/diffusion_pytorch_model.safetensors", 2109280},
      {"tests/fixtures/video/models/ms-t2v-tiny/unet/diffusion_pytorch_model.safetensors", 1453296},
  };
  return large;
}

// Folder -> MiB of everything below it; the longest that fits counts. What is not listed: 1.
const std::map<std::string, int64_t>& FolderLimits() {
  static const std::map<std::string, int64_t> limits = {
      {"datasets", 1},
      {"datasets/fashion_flow", 10},
      {"datasets/fashion_motion", 13},
      {"datasets/fashion_scenes", 14},
      {"harness", 4},
      {"results", 1},
      {"results/complete", 3},
      {"results/complete_1000", 1},
      {"results/flow", 1},
      {"results/path_correlation", 1},
      {"results/video", 1},
      {"results/quickstart", 1},
      {"results/reference", 1},
      {"tests", 3},
      {"tests/fixtures/diffusion", 22},
      {"tests/fixtures/dit", 10},
      {"tests/fixtures/fashion_scenes", 5},
      {"tests/fixtures/metrics", 7},
      {"tests/fixtures/resaved", 14},
      {"tests/fixtures/video", 12},
  };
  return limits;
}

bool Ours(const std::string& path) {
  if (path.starts_with("build") && !path.starts_with("build.")) return false;
  for (const char* other : {".git", ".env", ".cache", "results/local"})
    if (path == other || path.starts_with(std::string(other) + "/") || path.starts_with(std::string(other) + "-"))
      return false;
  return path.find("__pycache__") == std::string::npos;
}

// All files of the checkout that are not built, installed or made by runs, relative to the root.
std::vector<std::string> Files() {
  std::vector<std::string> files;
  const fs::path root = testing::SourceDir();
  for (auto entry = fs::recursive_directory_iterator(root); entry != fs::recursive_directory_iterator(); ++entry) {
    const std::string path = entry->path().lexically_relative(root).string();
    if (!Ours(path)) {
      if (entry->is_directory()) entry.disable_recursion_pending();
    } else if (entry->is_regular_file() && !entry->is_symlink()) {
      files.push_back(path);
    }
  }
  return files;
}

TEST(Repository, FilesAndFoldersStayLight) {
  std::map<std::string, int64_t> sizes;
  std::set<std::string> seen;
  for (const auto& path : Files()) {
    const auto size = static_cast<int64_t>(fs::file_size(testing::SourceDir() / path));
    const auto large = LargeFiles().find(path);
    if (large != LargeFiles().end()) seen.insert(path);
    EXPECT_LE(size, large == LargeFiles().end() ? kMiB : large->second) << path;
    std::string folder;
    for (const auto& [prefix, limit] : FolderLimits())
      if (path.starts_with(prefix + "/") && prefix.size() > folder.size()) folder = prefix;
    if (folder.empty()) folder = path.substr(0, path.find('/'));
    sizes[folder] += size;
  }
  for (const auto& [folder, size] : sizes) {
    const auto limit = FolderLimits().find(folder);
    EXPECT_LE(size, (limit == FolderLimits().end() ? 1 : limit->second) * kMiB) << folder;
  }
  for (const auto& [path, size] : LargeFiles())
    EXPECT_TRUE(seen.count(path)) << path << " is not there any more: take it out of the list";
}

// The anchor that a heading gets: lower case, spaces as hyphens, without punctuation.
std::string AnchorOf(const std::string& heading) {
  std::string anchor;
  for (const char c : heading) {
    if (std::isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_')
      anchor += static_cast<char>(std::tolower(c));
    if (c == ' ') anchor += '-';
  }
  return anchor;
}

bool HasHeading(const std::string& text, const std::string& anchor) {
  static const std::regex heading("(?:^|\n)#+ ([^\n]+)");
  for (std::sregex_iterator match(text.begin(), text.end(), heading), end; match != end; ++match)
    if (AnchorOf((*match)[1]) == anchor) return true;
  return false;
}

TEST(Repository, LinksInPagesLeadSomewhere) {
  static const std::regex link(R"(\]\(([^)\s]+)\))");
  int links = 0;
  for (const auto& path : Files()) {
    if (!path.ends_with(".md")) continue;
    const fs::path page = testing::SourceDir() / path;
    const std::string text = testing::ReadFile(page);
    for (std::sregex_iterator match(text.begin(), text.end(), link), end; match != end; ++match) {
      const std::string target = (*match)[1];
      if (target.find("://") != std::string::npos) continue;
      ++links;
      const size_t hash = target.find('#');
      const fs::path file = hash == 0 ? page : page.parent_path() / target.substr(0, hash);
      ASSERT_TRUE(fs::exists(file)) << path << ": " << target;
      if (hash == std::string::npos) continue;
      EXPECT_TRUE(HasHeading(testing::ReadFile(file), target.substr(hash + 1))) << path << ": " << target;
    }
  }
  EXPECT_GT(links, 30);
}

}  // namespace
}  // namespace skipbench
