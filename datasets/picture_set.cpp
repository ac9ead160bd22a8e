#include "datasets/picture_set.h"

#include <algorithm>
#include <charconv>
#include <map>

#include "datasets/array_pictures.h"
#include "datasets/cifar10.h"
#include "datasets/lsun.h"
#include "datasets/picture_listing.h"
#include "harness/base/error.h"
#include "harness/io/files/mapped_file.h"
#include "harness/io/pictures/animation.h"

namespace skipbench {
namespace {

namespace fs = std::filesystem;

struct Item {
  std::string name;
  std::vector<fs::path> files;  // one, or the frames of a clip
  bool animation = false;       // the one file has all frames
};

// The number at the end of a frame's name: 12 of "walk_0012.png"; -1: none.
int64_t FrameNumber(const fs::path& file) {
  const std::string stem = file.stem().string();
  const size_t begin = stem.find_last_not_of("0123456789") + 1;  // npos + 1: 0
  int64_t number = -1;
  const auto [end, error] = std::from_chars(stem.data() + begin, stem.data() + stem.size(), number);
  return error == std::errc() ? number : -1;
}

// The place behind the first gap in the numbers of a clip's first `most` frames (0: of all); 0 where there is none.
// Half of the frames at least have to follow each other by the same step, and the others by multiples of it, for these
// to be gaps: each 4th frame of a video has none, nor have names that are times.
size_t FirstGap(const std::vector<fs::path>& files, int64_t most) {
  const size_t count = most > 0 ? std::min(files.size(), static_cast<size_t>(most)) : files.size();
  std::vector<int64_t> steps;
  for (size_t i = 1; i < count; ++i) steps.push_back(FrameNumber(files[i]) - FrameNumber(files[i - 1]));
  if (steps.size() < 2) return 0;
  const int64_t step = *std::min_element(steps.begin(), steps.end());
  const auto regular = std::count(steps.begin(), steps.end(), step);
  if (step <= 0 || FrameNumber(files[0]) < 0 || 2 * regular < std::ssize(steps)) return 0;
  if (std::any_of(steps.begin(), steps.end(), [&](int64_t one) { return one % step != 0; })) return 0;
  const auto gap = std::find_if(steps.begin(), steps.end(), [&](int64_t one) { return one > step; });
  return gap == steps.end() ? 0 : static_cast<size_t>(gap - steps.begin()) + 1;
}

class PictureFiles : public PictureSet {
 public:
  PictureFiles(fs::path folder, PictureSetOptions options, std::vector<Item> items)
      : folder_(std::move(folder)), options_(options), items_(std::move(items)) {}

  std::string description() const override {
    return fmt::format("{} ({} {}{})", folder_.string(), items_.size(), clips() ? "clip" : "picture",
                       items_.size() == 1 ? "" : "s");
  }
  bool clips() const override { return options_.clips; }
  int64_t size() const override { return static_cast<int64_t>(items_.size()); }
  std::string name(int64_t index) const override { return ItemAt(index).name; }
  std::string where(int64_t index) const override {
    const auto& files = ItemAt(index).files;
    return files.size() > 1 ? fmt::format("{} ... ({} frames)", files.front().string(), files.size())
                            : files.front().string();
  }
  int64_t known_frames(int64_t index) const override {
    const Item& item = ItemAt(index);
    if (item.animation) return 0;
    const auto count = static_cast<int64_t>(item.files.size());
    return options_.frames > 0 ? std::min(count, options_.frames) : count;
  }

  std::vector<std::string> notes() const override {
    int64_t clips_with_gaps = 0;
    std::string first;
    for (const Item& item : items_) {
      const size_t gap = FirstGap(item.files, options_.frames);
      if (gap == 0 || clips_with_gaps++ > 0) continue;
      first = fmt::format("after {} comes {}", item.files[gap - 1].string(), item.files[gap].filename().string());
    }
    if (clips_with_gaps == 0) return {};
    return {
        fmt::format("{}: {} of {} clips lack{} frames, as the numbers in their names say ({}); those that are there "
                    "are taken as one after the other",
                    folder_.string(), clips_with_gaps, items_.size(), clips_with_gaps == 1 ? "s" : "", first)};
  }

  std::vector<Image> ReadFrames(int64_t index) const override {
    const Item& item = ItemAt(index);
    if (!clips()) return {ReadImage(item.files[0])};
    auto frames = item.animation ? ReadAnimation(item.files[0], options_.frames) : ReadFiles(item);
    if (static_cast<int64_t>(frames.size()) < options_.frames)
      Fail("{}: a clip of {} frames, the first {} were asked for", where(index), frames.size(), options_.frames);
    return frames;
  }

 private:
  const Item& ItemAt(int64_t index) const { return items_.at(static_cast<size_t>(index)); }

  std::vector<Image> ReadFiles(const Item& item) const {
    std::vector<Image> frames;
    for (const auto& file : item.files) {
      if (options_.frames > 0 && static_cast<int64_t>(frames.size()) == options_.frames) break;
      frames.push_back(ReadImage(file));
      const Image &frame = frames.back(), &first = frames[0];
      if (frame.width != first.width || frame.height != first.height)
        Fail("{}: {} x {} pixels, but the clip's first frame {} has {} x {}", file.string(), frame.width, frame.height,
             item.files[0].string(), first.width, first.height);
    }
    return frames;
  }

  fs::path folder_;
  PictureSetOptions options_;
  std::vector<Item> items_;
};

std::string WithoutExtension(const fs::path& file) { return fs::path(file).replace_extension().generic_string(); }

// "walk_012" -> "walk"; "012" -> "".
std::string SequenceName(std::string stem) {
  stem.resize(stem.find_last_not_of("0123456789") + 1);
  stem.resize(stem.find_last_not_of("_-.") + 1);
  return stem;
}

std::vector<Item> PicturesOf(const fs::path& folder, const PictureListing& listing) {
  if (!listing.videos.empty())
    Fail("{}: a video among pictures; --clips reads a folder as clips, or move it away",
         (folder / listing.videos[0]).string());
  std::vector<Item> items;
  for (const auto& file : listing.pictures) items.push_back({WithoutExtension(file), {folder / file}});
  return items;
}

bool IsAnimationFile(const fs::path& file) {
  try {
    return IsAnimation(MappedFile(file).bytes());
  } catch (const Error&) {
    return false;  // what is wrong with it is said when it is read
  }
}

// A sequence's frames, or one clip a file where the first is an animation (the others are taken at their word: a still
// picture among them is a clip of one frame).
void AddSequence(const fs::path& folder, const std::string& name, std::vector<fs::path> files,
                 std::vector<Item>* items) {
  std::sort(files.begin(), files.end(),
            [](const auto& a, const auto& b) { return NaturalLess(a.string(), b.string()); });
  if (IsAnimationFile(folder / files[0])) {
    for (const auto& file : files) items->push_back({WithoutExtension(file), {folder / file}, true});
    return;
  }
  Item item{name, {}};
  for (const auto& file : files) {
    if (!item.files.empty() && item.files.back().stem() == file.stem())
      Fail("{} and {}: two frames with one name", item.files.back().string(), (folder / file).string());
    item.files.push_back(folder / file);
  }
  items->push_back(std::move(item));
}

std::vector<Item> ClipsOf(const fs::path& folder, const PictureListing& listing) {
  std::map<std::string, std::vector<fs::path>> sequences;
  for (const auto& file : listing.pictures) {
    std::string name = file.parent_path().generic_string();
    if (name.empty()) name = SequenceName(file.stem().string());
    if (name.empty()) name = fs::absolute(folder / "x").lexically_normal().parent_path().filename().string();
    sequences[name].push_back(file);
  }
  std::vector<Item> items;
  for (auto& [name, files] : sequences) AddSequence(folder, name, std::move(files), &items);
  for (const auto& file : listing.videos) items.push_back({WithoutExtension(file), {folder / file}, true});
  return items;
}

}  // namespace

std::unique_ptr<PictureSet> OpenPictureFiles(const fs::path& folder, const PictureSetOptions& options) {
  const PictureListing listing = ListPictures(folder);
  std::vector<Item> items = options.clips ? ClipsOf(folder, listing) : PicturesOf(folder, listing);
  std::sort(items.begin(), items.end(), [](const Item& a, const Item& b) {
    if (a.name != b.name) return NaturalLess(a.name, b.name);
    return a.files < b.files;
  });
  return std::make_unique<PictureFiles>(folder, options, std::move(items));
}

std::unique_ptr<PictureSet> OpenPictureSet(const fs::path& path, const PictureSetOptions& options) {
  const bool lsun = IsLsunDatabase(path), cifar = IsCifar10(path) || IsCifar10File(path),
             array = ArrayPictures::IsNamed(path);
  if (options.clips && (lsun || cifar || array)) Fail("{}: holds pictures, expected clips", path.string());
  if (lsun) return OpenLsun(path);
  if (array) return std::make_unique<ArrayPictures>(path);
  if (cifar) return IsCifar10File(path) ? OpenCifar10File(path) : OpenCifar10(path, "train", /*partial=*/false);
  return OpenPictureFiles(path, options);
}

}  // namespace skipbench
