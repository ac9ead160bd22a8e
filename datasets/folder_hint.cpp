#include "datasets/folder_hint.h"

#include <algorithm>
#include <vector>

#include "datasets/cifar10.h"
#include "datasets/lsun.h"
#include "harness/base/error.h"
#include "harness/io/files/content_kind.h"

namespace skipbench {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMostEntries = 100'000;  // looked at; a hint is not worth more

std::string Named(const fs::path& file) {
  const std::string kind = KindOfFile(file).name;
  return kind.empty() ? file.filename().string() : fmt::format("{} ({})", file.filename().string(), kind);
}

}  // namespace

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

}  // namespace skipbench
