#include "datasets/cifar10.h"

#include <vector>

#include "harness/base/error.h"
#include "harness/io/files/mapped_file.h"

namespace skipbench {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kSide = 32, kPlane = kSide * kSide, kRecord = 1 + 3 * kPlane, kRecordsPerFile = 10'000;

std::vector<std::string> FilesOf(const std::string& split) {
  if (split == "test") return {"test_batch.bin"};
  return {"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin"};
}

class Cifar10 : public PictureSet {
 public:
  Cifar10(fs::path folder, std::string split, const std::vector<std::string>& names, bool partial)
      : folder_(std::move(folder)), split_(std::move(split)) {
    std::string missing;
    for (const auto& name : names) {
      std::error_code error;
      if (fs::is_regular_file(folder_ / name, error))
        Add(name, partial);
      else
        missing += " " + name;
    }
    if (!missing.empty() && (!partial || files_.empty()))
      Fail("{}: missing from CIFAR-10's binary version ({}):{}", folder_.string(), split_, missing);
  }

  std::string description() const override {
    return fmt::format("{}: {} pictures of CIFAR-10 ({})", folder_.string(), size_, split_);
  }
  int64_t size() const override { return size_; }
  std::string name(int64_t index) const override {
    const File& file = Find(&index);
    return fmt::format("{}/{:05}", file.name, index);
  }
  std::vector<Image> ReadFrames(int64_t index) const override {
    const File& file = Find(&index);
    const auto* record = reinterpret_cast<const uint8_t*>(file.bytes->bytes().data()) + index * kRecord + 1;
    Image image;
    image.width = image.height = kSide;
    image.pixels.resize(3 * kPlane);
    for (int64_t p = 0; p < kPlane; ++p)
      for (int64_t c = 0; c < 3; ++c) image.pixels[static_cast<size_t>(p * 3 + c)] = record[c * kPlane + p];
    return {std::move(image)};
  }

 private:
  struct File {
    std::string name;
    std::unique_ptr<MappedFile> bytes;
    int64_t records;
  };

  void Add(const std::string& name, bool partial) {
    auto bytes = std::make_unique<MappedFile>(folder_ / name);
    const auto size = static_cast<int64_t>(bytes->bytes().size());
    const int64_t records = size / kRecord;
    if (size % kRecord != 0 || records == 0 || (!partial && records != kRecordsPerFile))
      Fail(
          "{}: {} bytes, expected {}: {} records of {} bytes; the download is not complete, or it is another version "
          "of CIFAR-10",
          (folder_ / name).string(), size, kRecordsPerFile * kRecord, kRecordsPerFile, kRecord);
    for (int64_t r = 0; r < records; ++r)
      if (const int label = static_cast<int>(bytes->bytes()[static_cast<size_t>(r * kRecord)]); label > 9)
        Fail("{}: record {} has the label {}, expected 0 to 9: not CIFAR-10's binary version",
             (folder_ / name).string(), r, label);
    size_ += records;
    files_.push_back({name.substr(0, name.size() - 4), std::move(bytes), records});
  }

  // The file of a picture; `index` becomes its place in there.
  const File& Find(int64_t* index) const {
    for (const auto& file : files_) {
      if (*index < file.records) return file;
      *index -= file.records;
    }
    Fail("{}: there are {} pictures only", folder_.string(), size_);
  }

  fs::path folder_;
  std::string split_;
  std::vector<File> files_;
  int64_t size_ = 0;
};

}  // namespace

bool IsCifar10(const fs::path& folder) {
  std::error_code error;
  return fs::exists(folder / "data_batch_1.bin", error) || fs::exists(folder / "test_batch.bin", error);
}

std::unique_ptr<PictureSet> OpenCifar10(const fs::path& folder, const std::string& split, bool partial) {
  return std::make_unique<Cifar10>(folder, split, FilesOf(split), partial);
}

bool IsCifar10File(const fs::path& file) {
  std::error_code error;
  if (!fs::is_regular_file(file, error)) return false;
  for (const char* split : {"train", "test"})
    for (const auto& name : FilesOf(split))
      if (file.filename() == name) return true;
  return false;
}

std::unique_ptr<PictureSet> OpenCifar10File(const fs::path& file) {
  const std::string name = file.filename().string();
  return std::make_unique<Cifar10>(file.parent_path(), name, std::vector{name}, /*partial=*/false);
}

namespace {

struct Options {
  std::string folder, split = "train";
  bool partial = false;
  NumberOptions numbers;
};

Dataset ReadCifar10(const Options& options, const fs::path& base_folder) {
  const fs::path folder = ResolvePath(options.folder, base_folder);
  const auto pictures = OpenCifar10(folder, options.split, options.partial);
  // As a reference a folder stands for the training set.
  return NumberedSamples("cifar10", options.numbers, options.split == "test" ? folder / "test_batch.bin" : folder,
                         *pictures);
}

}  // namespace

DatasetType Cifar10Type() {
  OptionTable<Options> table(
      "cifar10", {Field("folder", &Options::folder)
                      .Required()
                      .Allowed("folder")
                      .Help("with data_batch_1.bin to data_batch_5.bin and test_batch.bin"),
                  Field("split", &Options::split).OneOf({"train", "test"}).Help("the pictures that are the reference"),
                  Field("partial", &Options::partial).Help("files may lack records at the end")});
  table.Include(&Options::numbers, NumberTable());
  return DeclareDataset("samples for an unconditional model beside CIFAR-10's binary version", table, ReadCifar10);
}

}  // namespace skipbench
