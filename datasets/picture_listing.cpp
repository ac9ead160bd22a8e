#include "datasets/picture_listing.h"

#include <sys/stat.h>

#include <algorithm>
#include <set>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "datasets/cifar10.h"
#include "datasets/lsun.h"
#include "harness/base/error.h"
#include "harness/io/files/content_kind.h"
#include "harness/io/pictures/image.h"

namespace skipbench {
namespace {

namespace fs = std::filesystem;

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

}  // namespace

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

}  // namespace skipbench
