#include "harness/evaluation/result_pictures.h"

#include <mutex>

#include "harness/base/error.h"

namespace skipbench {
namespace {

// What was done of a setting of a result.
class ResultPictures : public PictureSet {
 public:
  ResultPictures(const ResultReader& result, size_t setting)
      : result_(result), setting_(setting), label_(result.header().settings[setting].label) {
    const ColumnInfo* images = result.FindColumn(setting, "images");
    if (!images)
      Fail("{}: setting {}: the results hold no pictures; run with \"save\": [\"images\"]", result.header().name,
           label_);
    clips_ = images->row_shape.size() == 4;
    if (clips_) frames_ = images->row_shape[0];
    const auto status = result.Read<uint8_t>(setting, "status").values;
    for (size_t row = 0; row < status.size(); ++row)
      if (static_cast<Status>(status[row]) == Status::kDone) rows_.push_back(static_cast<int64_t>(row));
  }

  std::string description() const override {
    return fmt::format("{}, {} ({} {}{})", result_.header().name, label_, rows_.size(), clips_ ? "clip" : "picture",
                       rows_.size() == 1 ? "" : "s");
  }
  bool clips() const override { return clips_; }
  int64_t size() const override { return static_cast<int64_t>(rows_.size()); }
  std::string name(int64_t index) const override { return fmt::format("{:06}", result_.samples()[rows_[index]].id); }
  int64_t known_frames(int64_t) const override { return frames_; }
  std::string where(int64_t index) const override {
    return fmt::format("{}, {}, sample {}", result_.header().name, label_, result_.samples()[rows_[index]].id);
  }
  std::vector<Image> ReadFrames(int64_t index) const override {
    Array<uint8_t> one;
    {
      static std::mutex hdf5;  // the library is for one thread at a time
      const std::lock_guard lock(hdf5);
      one = result_.ReadSamples<uint8_t>(setting_, "images", rows_[index], 1);
    }
    const size_t rank = one.shape.size();  // [1, H, W, 3] or [1, T, H, W, 3]
    const auto height = static_cast<int>(one.shape[rank - 3]), width = static_cast<int>(one.shape[rank - 2]);
    const size_t size = static_cast<size_t>(height) * static_cast<size_t>(width) * 3;
    std::vector<Image> frames;
    for (auto begin = one.values.begin(); begin != one.values.end(); begin += static_cast<std::ptrdiff_t>(size))
      frames.push_back(
          {.width = width, .height = height, .pixels = {begin, begin + static_cast<std::ptrdiff_t>(size)}});
    return frames;
  }

 private:
  const ResultReader& result_;
  size_t setting_;
  std::string label_;
  bool clips_ = false;
  int64_t frames_ = 1;
  std::vector<int64_t> rows_;
};

}  // namespace

std::unique_ptr<PictureSet> OpenResultPictures(const ResultReader& result, size_t setting) {
  return std::make_unique<ResultPictures>(result, setting);
}

}  // namespace skipbench
