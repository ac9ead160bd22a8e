#include "harness/evaluation/array_pictures.h"

#include <ATen/ATen.h>

#include "harness/base/error.h"
#include "harness/io/npy_pictures.h"

namespace skipbench {
namespace {

class ArraySource : public PictureSource {
 public:
  ArraySource(const std::filesystem::path& path, const std::string& member) : pictures_(path, member) {
    for (int64_t i = 0; i < pictures_.size(); ++i) names_.push_back(fmt::format("{:06}", i));
    if (path.extension() != ".npy") member_ = member;
  }

  std::string description() const override {
    return fmt::format("{} ({} picture{}{})", pictures_.path().string(), pictures_.size(), pictures_.size() == 1 ? "" : "s",
                       member_.empty() ? "" : " in " + member_);
  }
  bool clips() const override { return false; }
  int64_t size() const override { return pictures_.size(); }
  const std::string& name(int64_t index) const override { return names_[static_cast<size_t>(index)]; }
  std::string where(int64_t index) const override {
    return fmt::format("{}: picture {}", pictures_.path().string(), index);
  }
  at::Tensor Read(int64_t index) const override {
    Image image = pictures_.Read(index);
    return at::from_blob(image.pixels.data(), {image.height, image.width, 3}, at::kByte)
        .permute({2, 0, 1})
        .clone(at::MemoryFormat::Contiguous);
  }

 private:
  NpyPictures pictures_;
  std::string member_;
  std::vector<std::string> names_;
};

}  // namespace

std::unique_ptr<PictureSource> OpenPictureArray(const std::filesystem::path& path, const std::string& member) {
  return std::make_unique<ArraySource>(path, member);
}

}  // namespace skipbench
