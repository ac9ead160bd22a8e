#include "harness/io/hdf5/hdf5_guarded.h"

#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <set>

#include "harness/io/files/child_process.h"
#include "harness/io/hdf5/hdf5_internal.h"
#include "harness/io/hdf5/plain_tree.h"

namespace skipbench::hdf5 {

namespace fs = std::filesystem;

namespace {

ChildLimits LimitsFor(uint64_t size) {
  ChildLimits limits;
  limits.cpu_seconds = 20 + static_cast<int>(size >> 26);
  // Packed values are larger than the file; nothing that a run measures packs better than this.
  limits.total_bytes = std::max(uint64_t{1} << 30, 64 * size);
  return limits;
}

// Another process reads everything that could end this one.
void Rehearse(const Storage& storage) {
  const std::string name = storage.path().string();
  ChildProcess child(name, LimitsFor(storage.size()), [&](Channel& channel) {
    Storage again = Storage::OpenUnchecked(storage.path());
    ForbidOpeningFiles();
    WalkTree(internal::OpenStorage(std::move(again)), [&] { channel.Send(""); });
  });
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
  bool has_list = false;
  size_t listed = 0;
  size_t missing = 0;               // of the list
  std::vector<std::string> others;  // what is not in the list: added, or changed
  bool Complete() const { return has_list && missing == 0; }
  std::vector<std::string> Added() const { return Complete() ? others : std::vector<std::string>{}; }
};

Verdict Compare(const std::map<std::string, uint64_t>& content, const std::string& list,
                const std::vector<std::string>& left_out) {
  Verdict verdict;
  std::multiset<uint64_t> sums;
  for (size_t at = 0; at + 16 <= list.size(); at += 16) {
    uint64_t sum = 0;
    std::from_chars(list.data() + at, list.data() + at + 16, sum, 16);
    sums.insert(sum);
  }
  verdict.has_list = !sums.empty();
  verdict.listed = sums.size();
  for (const auto& [what, sum] : content) {
    const auto found = sums.find(sum);
    if (found == sums.end())
      verdict.others.push_back(what);
    else
      sums.erase(found);
  }
  verdict.missing = sums.size();
  verdict.others.insert(verdict.others.end(), left_out.begin(), left_out.end());
  return verdict;
}

std::string FirstOf(const std::vector<std::string>& names) {
  constexpr size_t kShown = 5;
  const std::vector<std::string> shown(names.begin(),
                                       names.begin() + static_cast<std::ptrdiff_t>(std::min(kShown, names.size())));
  return fmt::format("{}{}", fmt::join(shown, ", "),
                     names.size() > kShown ? fmt::format(" and {} more", names.size() - kShown) : "");
}

constexpr const char* kHint = "; --unchecked reads it all the same";

// The note on a file that was read, or an Error.
std::string Judge(const Storage& storage, const Verdict& verdict, bool unchecked) {
  const std::string name = storage.path().string();
  if (verdict.Complete() && storage.edited())
    return fmt::format("{}: changed after the run; all that the run wrote is there as it wrote it{}", name,
                       verdict.others.empty() ? "" : ". Added since, and not read: " + FirstOf(verdict.others));
  std::string why;
  if (!verdict.has_list) {
    why = storage.flaw();
  } else if (verdict.missing > 0) {
    why = fmt::format(
        "damaged, or changed after the run: {} of the {} things that the run wrote (groups, datasets, attributes) are "
        "not there as it wrote them{}",
        verdict.missing, verdict.listed,
        verdict.others.empty() ? "" : "; changed, or added since: " + FirstOf(verdict.others));
  } else {
    why = storage.flaw();
  }
  if (!unchecked) Fail("{}: {}{}", name, why, kHint);
  return fmt::format("{}: read without a check: {}", name, why);
}

GuardedFile OpenCopy(const Storage& storage, bool unchecked) {
  const std::string name = storage.path().string();
  ChildProcess child(name, LimitsFor(storage.size()), [&](Channel& channel) {
    Storage again = Storage::OpenUnchecked(storage.path());
    ForbidOpeningFiles();
    SendTree(internal::OpenStorage(std::move(again)), [&](std::string_view message) { channel.Send(message); });
  });
  const TemporaryFolder folder;
  const fs::path path = folder.path() / "results.h5";
  FileWriter copy(path);
  TreeBuilder builder(copy, LimitsFor(storage.size()).total_bytes);
  try {
    while (const auto message = child.Receive()) builder.Take(*message);
  } catch (const Error& error) {
    const std::string cause = error.what();
    if (cause.find(name) != std::string::npos) throw;
    Fail("{}: cannot be read: {}", name, cause);
  }
  const Verdict verdict = Compare(copy.Checksums(), builder.checksums(), builder.left_out());
  const std::string note = Judge(storage, verdict, unchecked);
  builder.Close();
  copy.Commit();
  fs::path read = path;
  if (!verdict.Added().empty()) {
    // What others have added is none of the layout that readers expect.
    const std::set<std::string> added(verdict.others.begin(), verdict.others.end());
    read = folder.path() / "kept.h5";
    FileWriter kept(read);
    kept.root().CopyContents(internal::OpenStorage(Storage::OpenUnchecked(path)), [&](const std::string& what) {
      return !added.contains(what) && what != std::string("/: ") + kChecksums;
    });
    kept.Commit();
  }
  Storage copied = Storage::OpenUnchecked(read);
  copied.ShowAs(storage.path());
  return {internal::OpenStorage(std::move(copied)), true, {note}};
}

}  // namespace

GuardedFile OpenGuarded(const fs::path& path, bool unchecked) {
  Storage storage = Storage::Open(path);
  if (storage.flaw().empty()) {
    Rehearse(storage);
    return {internal::OpenStorage(std::move(storage)), false, {}};
  }
  if (!unchecked && !storage.edited()) Fail("{}: {}", path.string(), storage.flaw() + kHint);
  return OpenCopy(storage, unchecked);
}

}  // namespace skipbench::hdf5
