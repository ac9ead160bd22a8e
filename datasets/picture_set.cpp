#include "datasets/picture_set.h"

#include <sys/stat.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <set>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "datasets/array_pictures.h"
#include "datasets/cifar10.h"
#include "datasets/lsun.h"
#include "harness/base/error.h"
#include "harness/io/files/content_kind.h"
#include "harness/io/files/mapped_file.h"
#include "harness/io/pictures/animation.h"
#include "harness/io/pictures/image.h"

namespace skipbench {

namespace fs = std::filesystem;

namespace {

constexpr size_t kMaxDepth = 64;
constexpr int64_t kMaxEntries = 20'000'000;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// What stands beside pictures by the thousand, and is not opened to see whether it is one.
bool IsCompanion(const fs::path& file) {
  static const std::set<std::string> extensions = {".txt", ".json", ".jsonl", ".csv",     ".tsv",
                                                   ".xml", ".yaml", ".yml",   ".md",      ".npy",
                                                   ".npz", ".pt",   ".pkl",   ".caption", ".mat"};
  return extensions.contains(file.extension().string());
}

constexpr size_t kMostEntries = 100'000;  // looked at; a hint is not worth more

std::string Named(const fs::path& file) {
  const std::string kind = KindOfFile(file).name;
  return kind.empty() ? file.filename().string() : fmt::format("{} ({})", file.filename().string(), kind);
}

// What is in a folder without pictures, for messages: "; it holds CIFAR-10's Python version ...", "; there are 12
// files, 0.tar (a tar archive) the first"; empty where there is nothing to say. Looks at the folder itself and at what
// is directly in it.
std::string WhatIsThere(const fs::path& path) {
  std::error_code error;
  const auto has = [&](const char* name) { return fs::exists(path / name, error); };
  if (has("data_batch_1") || has("test_batch"))
    return "; it holds CIFAR-10's Python version (pickles), expected the binary version (cifar-10-binary.tar.gz: "
           "data_batch_1.bin, ...) or pictures";
  if (has("train.bin") && has("test.bin"))
    return "; it holds CIFAR-100's binary version, of which no reader is there: export its pictures as PNG";
  if (has("train_X.bin") || has("test_X.bin"))
    return "; it holds STL-10's binary version, of which no reader is there: export its pictures as PNG";
  std::vector<fs::path> files, collections;
  for (const auto& one : fs::directory_iterator(path, error)) {
    if (files.size() == kMostEntries) break;
    if (one.path().filename().string().starts_with(".")) continue;
    if (one.is_directory(error) && (IsLsunDatabase(one.path()) || IsCifar10(one.path())))
      collections.push_back(one.path());
    else if (one.is_regular_file(error))
      files.push_back(one.path());
  }
  std::sort(collections.begin(), collections.end());
  std::sort(files.begin(), files.end());
  if (!collections.empty())
    return fmt::format("; {} in it is {}: name that folder", collections[0].filename().string(),
                       IsCifar10(collections[0]) ? "CIFAR-10's binary version" : "an LMDB database");
  if (files.empty()) return "";
  return fmt::format("; there {}, {} the first",
                     files.size() == 1 ? "is 1 other file" : fmt::format("are {} other files", files.size()),
                     Named(files[0]));
}

struct PictureListing {
  std::vector<fs::path> pictures, videos;  // relative to the folder, in no order
};

class Lister {
 public:
  explicit Lister(fs::path root) : root_(std::move(root)) {}

  PictureListing List() {
    Enter(root_);
    if (unreadable_ > 0)
      Fail("{}: {} picture{} in formats that are not read, {} the first; convert them, or move them away (read are {})",
           root_.string(), unreadable_, unreadable_ == 1 ? "" : "s", first_unreadable_.string(), PictureExtensions());
    if (misnamed_ > 0)
      Fail(
          "{}: {} file{} with a picture in {} but without a picture's name, {} the first ({}); rename or move away "
          "(read are {})",
          root_.string(), misnamed_, misnamed_ == 1 ? "" : "s", misnamed_ == 1 ? "it" : "them",
          first_misnamed_.string(), KindOfFile(first_misnamed_).name, PictureExtensions());
    if (found_.pictures.empty() && found_.videos.empty())
      Fail("{}: no picture in it ({}){}", root_.string(), PictureExtensions(), WhatIsThere(root_));
    return std::move(found_);
  }

 private:
  void Enter(const fs::path& folder) {
    struct stat info {};
    if (stat(folder.c_str(), &info) != 0)
      Fail("{}: cannot be listed: {}", folder.string(), std::generic_category().message(errno));
    const std::pair<dev_t, ino_t> identity(info.st_dev, info.st_ino);
    for (const auto& above : above_)
      if (above == identity) Fail("{}: leads back into a folder that it is in", folder.string());
    if (above_.size() == kMaxDepth)
      Fail("{}: folders in folders, {} deep; that many are listed", folder.string(), kMaxDepth);
    above_.push_back(identity);
    std::error_code error;
    fs::directory_iterator entry(folder, error), end;
    for (; !error && entry != end; entry.increment(error)) Take(*entry);
    if (error) Fail("{}: cannot be listed: {}", folder.string(), error.message());
    above_.pop_back();
  }

  void Take(const fs::directory_entry& entry) {
    if (++entries_ > kMaxEntries) Fail("{}: more than {} files and folders", root_.string(), kMaxEntries);
    const std::string name = entry.path().filename().string();
    if (name.starts_with(".") || name == "__MACOSX") return;
    std::error_code error;
    if (entry.is_directory(error)) return Enter(entry.path());
    const FileKind kind = KindByName(entry.path());
    if (kind == FileKind::kOther) {
      if (!IsCompanion(entry.path()) && KindOfFile(entry.path()).picture &&
          (misnamed_++ == 0 || entry.path() < first_misnamed_))
        first_misnamed_ = entry.path();
      return;
    }
    if (!entry.is_regular_file(error) && !entry.is_symlink(error)) Fail("{}: not a file", entry.path().string());
    if (kind == FileKind::kUnreadable) {
      if (unreadable_++ == 0 || entry.path() < first_unreadable_) first_unreadable_ = entry.path();
      return;
    }
    (kind == FileKind::kVideo ? found_.videos : found_.pictures).push_back(entry.path().lexically_relative(root_));
  }

  fs::path root_;
  PictureListing found_;
  std::vector<std::pair<dev_t, ino_t>> above_;  // the folders that it is in
  int64_t entries_ = 0, unreadable_ = 0, misnamed_ = 0;
  fs::path first_unreadable_, first_misnamed_;
};

// As OpenPictureFiles() describes it; at least one of the two is not empty. A link that leads nowhere is listed by its
// name, so that reading says so. Bounds: folders 64 deep, 20,000,000 entries.
PictureListing ListPictures(const fs::path& folder) {
  std::error_code error;
  if (fs::exists(folder, error) && !fs::is_directory(folder, error)) {
    const std::string kind = KindOfFile(folder).name;
    Fail("{}: {}; expected a folder of pictures, an LSUN database, CIFAR-10's binary version, or .npy or .npz",
         folder.string(), kind.empty() ? "a file" : kind);
  }
  if (!fs::is_directory(folder, error)) Fail("{}: no such folder", folder.string());
  return Lister(folder).List();
}

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
