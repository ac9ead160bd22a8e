#include "datasets/array_pictures.h"

#include "harness/base/error.h"
#include "harness/io/pictures/npy_pictures.h"

namespace skipbench {
namespace {

class ArrayPictures : public PictureSet {
 public:
  explicit ArrayPictures(const std::filesystem::path& path) : pictures_(path) {}

  std::string description() const override {
    return fmt::format("{} ({} picture{}{})", pictures_.path().string(), pictures_.size(),
                       pictures_.size() == 1 ? "" : "s", pictures_.path().extension() == ".npy" ? "" : " in arr_0");
  }
  int64_t size() const override { return pictures_.size(); }
  std::string name(int64_t index) const override { return fmt::format("{:06}", index); }
  std::string where(int64_t index) const override {
    return fmt::format("{}: picture {}", pictures_.path().string(), index);
  }
  std::vector<Image> ReadFrames(int64_t index) const override { return {pictures_.Read(index)}; }

 private:
  NpyPictures pictures_;
};

}  // namespace

bool IsPictureArray(const std::filesystem::path& path) {
  return path.extension() == ".npz" || path.extension() == ".npy";
}

std::unique_ptr<PictureSet> OpenPictureArray(const std::filesystem::path& path) {
  return std::make_unique<ArrayPictures>(path);
}

}  // namespace skipbench
