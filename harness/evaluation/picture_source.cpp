#include "harness/evaluation/picture_source.h"

#include <ATen/ATen.h>
#include <fmt/ranges.h>

#include <map>
#include <mutex>

#include "harness/base/error.h"
#include "harness/io/image.h"

namespace skipbench {
namespace {

namespace fs = std::filesystem;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// uint8 [3, H, W]
at::Tensor ToPlanes(const Image& image) {
  const at::Tensor pixels =
      at::from_blob(const_cast<uint8_t*>(image.pixels.data()), {image.height, image.width, 3}, at::kByte);
  return pixels.permute({2, 0, 1}).contiguous();
}

struct Item {
  std::string name;
  std::vector<fs::path> files;  // one, or the frames of a clip
};

class FolderSource : public PictureSource {
 public:
  FolderSource(fs::path folder, bool clips, std::vector<Item> items)
      : folder_(std::move(folder)), clips_(clips), items_(std::move(items)) {}

  std::string description() const override {
    return fmt::format("{} ({} {}{})", folder_.string(), items_.size(), clips_ ? "clip" : "picture",
                       items_.size() == 1 ? "" : "s");
  }
  bool clips() const override { return clips_; }
  int64_t size() const override { return static_cast<int64_t>(items_.size()); }
  const std::string& name(int64_t index) const override { return items_[index].name; }
  std::string where(int64_t index) const override {
    const auto& files = items_[index].files;
    return clips_ ? fmt::format("{} ... ({} frames)", files.front().string(), files.size()) : files.front().string();
  }

  at::Tensor Read(int64_t index) const override {
    const auto& files = items_[index].files;
    if (!clips_) return ToPlanes(ReadImage(files[0]));
    std::vector<at::Tensor> frames;
    for (const auto& file : files) {
      frames.push_back(ToPlanes(ReadImage(file)));
      if (frames.back().sizes() != frames[0].sizes())
        Fail("{}: {} x {} pixels, but the clip's first frame {} has {} x {}", file.string(), frames.back().size(2),
             frames.back().size(1), files[0].string(), frames[0].size(2), frames[0].size(1));
    }
    return at::stack(frames);
  }

 private:
  fs::path folder_;
  bool clips_;
  std::vector<Item> items_;
};

// All pictures below a folder, relative to it.
std::vector<fs::path> FindPictures(const fs::path& folder) {
  std::error_code error;
  if (!fs::is_directory(folder, error)) Fail("{}: no such folder", folder.string());
  std::vector<fs::path> files;
  fs::recursive_directory_iterator walk(folder, fs::directory_options::follow_directory_symlink, error), end;
  for (; !error && walk != end; walk.increment(error)) {
    const bool hidden = walk->path().filename().string().starts_with(".");
    if (hidden && walk->is_directory(error)) walk.disable_recursion_pending();
    if (!hidden && IsImageName(walk->path()) && walk->is_regular_file(error))
      files.push_back(walk->path().lexically_relative(folder));
  }
  if (error) Fail("{}: cannot be listed: {}", folder.string(), error.message());
  if (files.empty()) Fail("{}: no picture in it (.png, .jpg, .jpeg)", folder.string());
  return files;
}

std::vector<Item> PicturesOf(const fs::path& folder) {
  std::vector<Item> items;
  for (const auto& file : FindPictures(folder))
    items.push_back({fs::path(file).replace_extension().generic_string(), {folder / file}});
  return items;
}

// "walk_012" -> "walk"; "012" -> "".
std::string SequenceName(std::string stem) {
  while (!stem.empty() && IsDigit(stem.back())) stem.pop_back();
  while (!stem.empty() && (stem.back() == '_' || stem.back() == '-' || stem.back() == '.')) stem.pop_back();
  return stem;
}

std::vector<Item> ClipsOf(const fs::path& folder) {
  std::map<std::string, std::vector<fs::path>> clips;
  for (const auto& file : FindPictures(folder)) {
    std::string name = file.parent_path().generic_string();
    if (name.empty()) name = SequenceName(file.stem().string());
    if (name.empty()) name = fs::absolute(folder / "x").lexically_normal().parent_path().filename().string();
    clips[name].push_back(folder / file);
  }
  std::vector<Item> items;
  for (auto& [name, files] : clips) {
    std::sort(files.begin(), files.end(),
              [](const auto& a, const auto& b) { return NaturalLess(a.string(), b.string()); });
    for (size_t k = 1; k < files.size(); ++k)
      if (files[k].stem() == files[k - 1].stem())
        Fail("{} and {}: two frames with one name", files[k - 1].string(), files[k].string());
    items.push_back({name, std::move(files)});
  }
  return items;
}

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
  std::vector<int64_t> rows_;
  std::vector<std::string> names_;
};

// "3 of 500 have no partner in B (x, y, z)", empty if none.
std::string Unpaired(const PictureSource& from, const PictureSource& to, const std::vector<std::string>& names) {
  if (names.empty()) return "";
  const size_t shown = std::min<size_t>(names.size(), 4);
  return fmt::format("{} of {} have no partner in {}: {}{}", names.size(), from.description(), to.description(),
                     fmt::join(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(shown), ", "),
                     shown < names.size() ? ", ..." : "");
}

}  // namespace

bool NaturalLess(const std::string& a, const std::string& b) {
  size_t i = 0, k = 0;
  while (i < a.size() && k < b.size()) {
    if (!IsDigit(a[i]) || !IsDigit(b[k])) {
      if (a[i] != b[k]) return static_cast<unsigned char>(a[i]) < static_cast<unsigned char>(b[k]);
      ++i, ++k;
      continue;
    }
    // Two numbers: without leading zeros, the longer one is larger.
    while (i < a.size() && a[i] == '0') ++i;
    while (k < b.size() && b[k] == '0') ++k;
    size_t i_end = i, k_end = k;
    while (i_end < a.size() && IsDigit(a[i_end])) ++i_end;
    while (k_end < b.size() && IsDigit(b[k_end])) ++k_end;
    if (i_end - i != k_end - k) return i_end - i < k_end - k;
    const int order = a.compare(i, i_end - i, b, k, k_end - k);
    if (order != 0) return order < 0;
    i = i_end, k = k_end;
  }
  if (i < a.size() || k < b.size()) return k < b.size();
  return a < b;  // equal but for leading zeros
}

std::unique_ptr<PictureSource> OpenPictureFolder(const fs::path& folder, FolderContent content) {
  const bool clips = content == FolderContent::kClips;
  std::vector<Item> items = clips ? ClipsOf(folder) : PicturesOf(folder);
  std::sort(items.begin(), items.end(), [](const Item& a, const Item& b) { return NaturalLess(a.name, b.name); });
  for (size_t k = 1; k < items.size(); ++k)
    if (items[k].name == items[k - 1].name)
      Fail("{} and {}: two pictures with one name", items[k - 1].files[0].string(), items[k].files[0].string());
  return std::make_unique<FolderSource>(folder, clips, std::move(items));
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
