#include "harness/evaluation/picture_source.h"

#include <ATen/ATen.h>
#include <fmt/ranges.h>

#include <map>
#include <mutex>

#include "harness/base/error.h"

namespace skipbench {
namespace {

namespace fs = std::filesystem;

// uint8 [3, H, W]
at::Tensor ToPlanes(const Image& image) {
  const at::Tensor pixels =
      at::from_blob(const_cast<uint8_t*>(image.pixels.data()), {image.height, image.width, 3}, at::kByte);
  return pixels.permute({2, 0, 1}).contiguous();
}

// A collection on the disk.
class CollectionSource : public PictureSource {
 public:
  explicit CollectionSource(std::unique_ptr<PictureSet> set) : set_(std::move(set)) {
    for (int64_t i = 0; i < set_->size(); ++i) names_.push_back(set_->name(i));
  }
  std::string description() const override { return set_->description(); }
  bool clips() const override { return set_->clips(); }
  int64_t size() const override { return set_->size(); }
  const std::string& name(int64_t index) const override { return names_[static_cast<size_t>(index)]; }
  std::string where(int64_t index) const override { return set_->where(index); }
  int64_t known_frames(int64_t index) const override { return set_->known_frames(index); }
  at::Tensor Read(int64_t index) const override {
    std::vector<at::Tensor> frames;
    for (const Image& frame : set_->ReadFrames(index)) frames.push_back(ToPlanes(frame));
    return clips() ? at::stack(frames) : frames[0];
  }

 private:
  std::unique_ptr<PictureSet> set_;
  std::vector<std::string> names_;
};

// What was done of a setting of a result.
class ResultSource : public PictureSource {
 public:
  ResultSource(const ResultReader& result, size_t setting)
      : result_(result), setting_(setting), label_(result.header().settings[setting].label) {
    const ColumnInfo* images = result.FindColumn(setting, "images");
    if (!images)
      Fail("{}: setting {}: the results hold no pictures; run with \"save\": [\"images\"]", result.header().name,
           label_);
    clips_ = images->row_shape.size() == 4;
    if (clips_) frames_ = images->row_shape[0];
    const auto status = result.Read<uint8_t>(setting, "status").values;
    for (size_t row = 0; row < status.size(); ++row)
      if (static_cast<Status>(status[row]) == Status::kDone) {
        rows_.push_back(static_cast<int64_t>(row));
        names_.push_back(fmt::format("{:06}", result.samples()[row].id));
      }
  }

  std::string description() const override {
    return fmt::format("{}, {} ({} {}{})", result_.header().name, label_, rows_.size(), clips_ ? "clip" : "picture",
                       rows_.size() == 1 ? "" : "s");
  }
  bool clips() const override { return clips_; }
  int64_t size() const override { return static_cast<int64_t>(rows_.size()); }
  const std::string& name(int64_t index) const override { return names_[index]; }
  int64_t known_frames(int64_t) const override { return frames_; }
  std::string where(int64_t index) const override {
    return fmt::format("{}, {}, sample {}", result_.header().name, label_, result_.samples()[rows_[index]].id);
  }
  at::Tensor Read(int64_t index) const override {
    Array<uint8_t> one;
    {
      static std::mutex hdf5;  // the library is for one thread at a time
      const std::lock_guard lock(hdf5);
      one = result_.ReadSamples<uint8_t>(setting_, "images", rows_[index], 1);
    }
    one.shape.erase(one.shape.begin());
    const at::Tensor pixels = at::from_blob(one.values.data(), one.shape, at::kByte);  // [H, W, 3] or [T, H, W, 3]
    return pixels.movedim(-1, -3).clone(at::MemoryFormat::Contiguous);
  }

 private:
  const ResultReader& result_;
  size_t setting_;
  std::string label_;
  bool clips_ = false;
  int64_t frames_ = 1;
  std::vector<int64_t> rows_;
  std::vector<std::string> names_;
};

// Equal but for their extensions, files cannot be told apart by name.
void RequireUniqueNames(const PictureSource& source) {
  std::map<std::string, int64_t> seen;
  for (int64_t i = 0; i < source.size(); ++i)
    if (const auto [first, added] = seen.emplace(source.name(i), i); !added)
      Fail("{} and {}: two {}s with one name, which cannot be paired", source.where(first->second), source.where(i), source.clips() ? "clip" : "picture");
}

// "3 of 500 have no partner in B (x, y, z)", empty if none.
std::string Unpaired(const PictureSource& from, const PictureSource& to, const std::vector<std::string>& names) {
  if (names.empty()) return "";
  const size_t shown = std::min<size_t>(names.size(), 4);
  return fmt::format("{} of {} have no partner in {}: {}{}", names.size(), from.description(), to.description(),
                     fmt::join(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(shown), ", "),
                     shown < names.size() ? ", ..." : "");
}

}  // namespace

std::unique_ptr<PictureSource> OpenPictures(const fs::path& path, const PictureSetOptions& options) {
  return std::make_unique<CollectionSource>(OpenPictureSet(path, options));
}

std::unique_ptr<PictureSource> OpenResultPictures(const ResultReader& result, size_t setting) {
  return std::make_unique<ResultSource>(result, setting);
}

std::vector<std::pair<int64_t, int64_t>> CommonPairs(const PictureSource& a, const PictureSource& b) {
  std::map<std::string, int64_t> partner;
  for (int64_t k = 0; k < b.size(); ++k) partner[b.name(k)] = k;
  std::vector<std::pair<int64_t, int64_t>> pairs;
  for (int64_t i = 0; i < a.size(); ++i)
    if (const auto found = partner.find(a.name(i)); found != partner.end()) pairs.emplace_back(i, found->second);
  return pairs;
}

std::vector<std::pair<int64_t, int64_t>> PairByName(const PictureSource& a, const PictureSource& b) {
  RequireUniqueNames(a);
  RequireUniqueNames(b);
  std::map<std::string, int64_t> partner;
  for (int64_t k = 0; k < b.size(); ++k) partner[b.name(k)] = k;
  std::vector<std::pair<int64_t, int64_t>> pairs;
  std::vector<std::string> only_a, only_b;
  for (int64_t i = 0; i < a.size(); ++i) {
    const auto found = partner.find(a.name(i));
    if (found == partner.end()) {
      only_a.push_back(a.name(i));
    } else {
      pairs.emplace_back(i, found->second);
      partner.erase(found);
    }
  }
  for (int64_t k = 0; k < b.size(); ++k)
    if (partner.contains(b.name(k))) only_b.push_back(b.name(k));
  const std::string first = Unpaired(a, b, only_a), second = Unpaired(b, a, only_b);
  if (!first.empty() || !second.empty())
    Fail("the pictures do not pair by name: {}{}{}", first, first.empty() || second.empty() ? "" : "; ", second);
  return pairs;
}

}  // namespace skipbench
