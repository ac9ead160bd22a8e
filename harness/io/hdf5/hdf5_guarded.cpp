#include "harness/io/hdf5/hdf5_guarded.h"

#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <set>

#include "harness/base/json.h"
#include "harness/io/files/child_process.h"
#include "harness/io/hdf5/hdf5_internal.h"

namespace skipbench::hdf5 {
namespace {

namespace fs = std::filesystem;

constexpr int kMaxDepth = 16;
constexpr int64_t kMaxObjects = 4'000'000;
constexpr uint64_t kMaxElement = 16;  // bytes: of a text, its place elsewhere in the file

class Surveyor {
 public:
  Surveyor(bool plain_numbers, uint64_t max_bytes, const std::function<void()>& step)
      : plain_numbers_(plain_numbers), bytes_left_(max_bytes), step_(step) {}

  void Visit(const Group& group, int depth) {
    if (depth > kMaxDepth) Fail("{}: groups lie more than {} deep", group.Where(), kMaxDepth);
    if (depth > 0) survey_.contents.AddGroup(group.path());
    Attributes(group);
    for (const auto& name : group.Members()) {
      if (++objects_ > kMaxObjects)
        Fail("{}: the file has more than {} groups and datasets", group.Where(), kMaxObjects);
      bool is_group = false;
      try {
        is_group = group.IsGroup(name);
        if (!is_group) Visit(group.OpenDataset(name));
      } catch (const Error&) {
        if (too_large_) throw;
        survey_.left_out.push_back((group.path() == "/" ? "" : group.path()) + "/" + name);
      }
      if (is_group) Visit(group.OpenGroup(name), depth + 1);
    }
  }
  Survey Take() { return std::move(survey_); }

 private:
  void Visit(const Dataset& dataset) {
    survey_.contents.AddDataset(dataset.path(), dataset.type(), dataset.shape());
    Attributes(dataset);
    if (!plain_numbers_ && dataset.IsPlain()) return;
    // HDF5 fills a dataset of texts as soon as one of them is written.
    Spend(dataset, static_cast<uint64_t>(Elements(dataset.shape())), kMaxElement);
    WithType(dataset.type(), [&]<class T>(T) {
      dataset.EachPiece<T>(0, dataset.rows(), [&](int64_t row, const std::vector<T>& values) {
        if constexpr (std::is_same_v<T, std::string>)
          for (const auto& text : values) Spend(dataset, text.size(), 1);
        survey_.contents.AddRows<T>(dataset.path(), row, dataset.row_elements(), values);
        step_();
      });
    });
  }

  void Attributes(const Object& object) {
    for (const auto& name : object.AttributeNames()) {
      try {
        object.WithAttribute(name, [&]<class T>(bool scalar, const std::vector<T>& values) {
          if constexpr (std::is_same_v<T, std::string>)
            if (scalar && object.path() == "/" && name == kChecksums) {
              survey_.checksums = values.at(0);
              return;
            }
          survey_.contents.AddAttribute<T>(object.path(), name, scalar, values);
        });
      } catch (const Error&) {
        survey_.left_out.push_back(object.path() + ": " + name);
      }
      step_();
    }
  }

  void Spend(const Dataset& dataset, uint64_t count, uint64_t bytes) {
    too_large_ = count > bytes_left_ / bytes;
    if (too_large_) Fail("{}: claims more values than a file of this size can hold", dataset.Where());
    bytes_left_ -= count * bytes;
  }

  bool plain_numbers_;
  uint64_t bytes_left_;
  const std::function<void()>& step_;
  int64_t objects_ = 0;
  bool too_large_ = false;
  Survey survey_;
};

// A process of its own that opens the file without looking at its checksum and reads it.
ChildProcess Reader(const Storage& storage, const std::function<void(Channel&, const std::function<Group()>&)>& read) {
  ChildLimits limits;
  limits.cpu_seconds = 20 + static_cast<int>(storage.size() >> 26);
  return ChildProcess(storage.path().string(), limits, [&](Channel& channel) {
    read(channel, [&] {
      Storage again = Storage::OpenUnchecked(storage.path());
      ForbidOpeningFiles();
      return internal::OpenStorage(std::move(again));
    });
  });
}

// Reads whatever could end libhdf5 on a damaged file: all but numbers that lie there as they are.
void Rehearse(const Group& root, const std::function<void()>& step) {
  Surveyor(/*plain_numbers=*/false, UINT64_MAX, step).Visit(root, 0);
}

// Another process reads everything that could end this one.
void Rehearse(const Storage& storage) {
  ChildProcess child =
      Reader(storage, [](Channel& channel, const auto& open) { Rehearse(open(), [&] { channel.Send(""); }); });
  while (child.Receive()) continue;
}

class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (fs::temp_directory_path() / "skipbench-XXXXXX").string();
    if (!mkdtemp(name.data())) Fail("{}: cannot be made a folder: {}", name, std::strerror(errno));
    path_ = name;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

// How a file's content relates to its own list of checksums.
struct Verdict {
  size_t listed = 0;                // 0: there is no list
  size_t missing = 0;               // of the list
  std::vector<std::string> others;  // what is not in the list: added, or changed
  bool Complete() const { return listed > 0 && missing == 0; }
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Verdict, listed, missing, others)

Verdict Compare(const Survey& survey) {
  const std::string& list = survey.checksums;
  std::multiset<uint64_t> sums;
  for (size_t at = 0; at + 16 <= list.size(); at += 16) {
    uint64_t sum = 0;
    std::from_chars(list.data() + at, list.data() + at + 16, sum, 16);
    sums.insert(sum);
  }
  Verdict verdict{sums.size(), 0, {}};
  for (const auto& [what, sum] : survey.contents.items()) {
    const auto found = sums.find(sum);
    if (found == sums.end())
      verdict.others.push_back(what);
    else
      sums.erase(found);
  }
  verdict.missing = sums.size();
  verdict.others.insert(verdict.others.end(), survey.left_out.begin(), survey.left_out.end());
  return verdict;
}

std::string FirstOf(const std::vector<std::string>& names) {
  constexpr size_t kShown = 5;
  const std::vector<std::string> shown(names.begin(),
                                       names.begin() + static_cast<std::ptrdiff_t>(std::min(kShown, names.size())));
  return fmt::format("{}{}", fmt::join(shown, ", "),
                     names.size() > kShown ? fmt::format(" and {} more", names.size() - kShown) : "");
}

// HDF5 itself reads no file whose end is missing.
const char* HintOf(const Storage& storage) {
  return storage.flaw().starts_with("truncated") ? "; --unchecked tries to read it, which may not go"
                                                 : "; --unchecked reads it all the same";
}

// The note on a file that was read, or an Error.
std::string Judge(const Storage& storage, const Verdict& verdict, bool unchecked) {
  const std::string name = storage.path().string();
  if (verdict.Complete() && storage.edited())
    return fmt::format("{}: changed after the run; all that the run wrote is there as it wrote it{}", name,
                       verdict.others.empty() ? "" : ". Added since, and not read: " + FirstOf(verdict.others));
  std::string why = storage.flaw();
  if (verdict.missing > 0)
    why = fmt::format(
        "damaged, or changed after the run: {} of the {} things that the run wrote (groups, datasets, attributes) are "
        "not there as it wrote them{}",
        verdict.missing, verdict.listed,
        verdict.others.empty() ? "" : "; changed, or added since: " + FirstOf(verdict.others));
  if (!unchecked) Fail("{}: {}{}", name, why, HintOf(storage));
  return fmt::format("{}: read without a check: {}", name, why);
}

// In the other process: sends the verdict and makes a copy of what is to be read.
void Copy(Channel& channel, const Group& root, uint64_t max_bytes, FileWriter* copy) {
  const auto step = [&] { channel.Send(""); };
  const Survey survey = SurveyOf(root, max_bytes, step);
  const Verdict verdict = Compare(survey);
  channel.Send(Json(verdict).dump(-1, ' ', false, Json::error_handler_t::replace));
  // What others have added is none of the layout that readers expect.
  const auto& names = verdict.Complete() ? verdict.others : survey.left_out;
  const std::set<std::string> without(names.begin(), names.end());
  copy->root().CopyContents(root, [&](const std::string& what) {
    step();
    return !without.contains(what) && what != std::string("/: ") + kChecksums;
  });
  copy->Commit();
}

GuardedFile OpenCopy(const Storage& storage, bool unchecked) {
  // Packed values are larger than the file; nothing that a run measures packs better than this.
  const uint64_t max_bytes = std::max(uint64_t{1} << 30, 64 * storage.size());
  const TemporaryFolder folder;
  const fs::path path = folder.path() / "results.h5";
  ChildProcess child = Reader(storage, [&](Channel& channel, const auto& open) {
    FileWriter copy(path);
    Copy(channel, open(), max_bytes, &copy);
  });
  std::string note;
  while (const auto message = child.Receive())
    if (!message->empty())
      note = Judge(storage, ParseJson(*message, storage.path().string()).get<Verdict>(), unchecked);
  Storage copy = Storage::Open(path);
  Rehearse(copy);
  copy.ShowAs(storage.path());
  return {internal::OpenStorage(std::move(copy)), true, {note}};
}

}  // namespace

Survey SurveyOf(const Group& root, uint64_t max_bytes, const std::function<void()>& step) {
  Surveyor surveyor(/*plain_numbers=*/true, max_bytes, step);
  surveyor.Visit(root, 0);
  return surveyor.Take();
}

GuardedFile OpenGuarded(const fs::path& path, bool unchecked) {
  Storage storage = Storage::Open(path);
  if (storage.flaw().empty()) {
    Rehearse(storage);
    return {internal::OpenStorage(std::move(storage)), false, {}};
  }
  if (!unchecked && !storage.edited()) Fail("{}: {}", path.string(), storage.flaw() + HintOf(storage));
  return OpenCopy(storage, unchecked);
}

}  // namespace skipbench::hdf5
