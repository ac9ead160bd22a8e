#include "datasets/picture_set.h"

#include <algorithm>
#include <vector>

#include "datasets/cifar10.h"
#include "datasets/lsun.h"
#include "harness/base/error.h"

namespace skipbench {
namespace {

namespace fs = std::filesystem;

class PictureFiles : public PictureSet {
 public:
  explicit PictureFiles(fs::path folder) : folder_(std::move(folder)) {
    std::error_code error;
    if (!fs::is_directory(folder_, error)) Fail("{}: no such folder", folder_.string());
    for (fs::recursive_directory_iterator entry(folder_, error), end; !error && entry != end; entry.increment(error))
      if (entry->is_regular_file() && IsImageName(entry->path())) names_.push_back(entry->path().lexically_relative(folder_).string());
    if (error) Fail("{}: cannot be read: {}", folder_.string(), error.message());
    if (names_.empty()) Fail("{}: holds no pictures (.png, .jpg, .jpeg, .webp)", folder_.string());
    std::sort(names_.begin(), names_.end());
  }
  std::string description() const override { return fmt::format("{}: {} pictures", folder_.string(), names_.size()); }
  int64_t size() const override { return static_cast<int64_t>(names_.size()); }
  std::string name(int64_t index) const override { return names_.at(static_cast<size_t>(index)); }
  Image Read(int64_t index) const override { return ReadImage(folder_ / name(index)); }

 private:
  fs::path folder_;
  std::vector<std::string> names_;
};

}  // namespace

std::unique_ptr<PictureSet> OpenPictureFiles(const fs::path& folder) { return std::make_unique<PictureFiles>(folder); }

std::unique_ptr<PictureSet> OpenPictureSet(const fs::path& path) {
  if (IsLsunDatabase(path)) return OpenLsun(path);
  if (IsCifar10(path)) return OpenCifar10(path, "train", /*partial=*/false);
  return OpenPictureFiles(path);
}

}  // namespace skipbench
