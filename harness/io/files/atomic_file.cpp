#include "harness/io/files/atomic_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <regex>
#include <utility>
#include <vector>

#include "harness/base/error.h"

namespace skipbench {
namespace {

constexpr size_t kBufferSize = size_t{1} << 16;

// umask() cannot be asked without being set, and it belongs to all threads; /proc tells it.
mode_t NewFileMode() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (unsigned mask = 0; std::sscanf(line.c_str(), "Umask: %o", &mask) == 1) return 0666 & ~mask;
  return 0644;
}

}  // namespace

TemporaryFile::TemporaryFile(const std::filesystem::path& path) {
  name = (path.parent_path() / fmt::format(".{}.XXXXXX.tmp", path.filename().string())).string();
  descriptor = mkostemps(name.data(), 4, O_CLOEXEC);
  if (descriptor < 0) Fail("{}: cannot create a file beside it: {}", path.string(), std::strerror(errno));
  fchmod(descriptor, NewFileMode());
}

AtomicFile::AtomicFile(const std::filesystem::path& path) : path_(path) {
  const std::filesystem::path parent = path.has_parent_path() ? path.parent_path() : ".";
  std::error_code error;
  std::filesystem::create_directories(parent, error);
  if (error) Fail("{}: cannot create the folder {}: {}", path.string(), parent.string(), error.message());
  if (std::filesystem::is_directory(path, error)) Fail("{}: cannot be written: it is a folder", path.string());
  // The new file takes the name of the old one; a device, a pipe or a link to one (/dev/stdout) would be gone.
  if (std::filesystem::exists(path, error) && !std::filesystem::is_regular_file(path, error))
    Fail("{}: cannot be written: it is no regular file", path.string());
  TemporaryFile file(path);
  temporary_ = std::move(file.name);
  file_ = fdopen(file.descriptor, "w");
  if (!file_) FailErrno("cannot be written");
  std::setvbuf(file_, nullptr, _IOFBF, kBufferSize);
}

AtomicFile::~AtomicFile() {
  if (file_) std::fclose(file_);
  if (!temporary_.empty()) unlink(temporary_.c_str());
}

void AtomicFile::FailErrno(const char* what) {
  Fail("{}: {}: {}{}", path_.string(), what, std::strerror(errno),
       errno == ENOSPC || errno == EDQUOT ? "; the file is left as it was" : "");
}

void AtomicFile::Write(const void* data, size_t size) {
  if (std::fwrite(data, 1, size, file_) != size) FailErrno("cannot be written");
}

void AtomicFile::Commit() {
  if (std::fflush(file_) != 0 || fsync(fileno(file_)) != 0 || std::fclose(std::exchange(file_, nullptr)) != 0)
    FailErrno("cannot be written");
  if (rename(temporary_.c_str(), path_.c_str()) != 0) FailErrno("cannot be put in place");
  temporary_.clear();
  SyncFolder(path_.parent_path());  // the name itself should survive a power cut too
}

void SyncFolder(const std::filesystem::path& folder) {
  const int descriptor = open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return;
  fsync(descriptor);
  close(descriptor);
}

bool IsTemporaryName(const std::string& name) {
  static const std::regex pattern(R"(\.[\s\S]+\.[A-Za-z0-9]{6}\.tmp)");
  return std::regex_match(name, pattern);
}

void RemoveTemporaries(const std::filesystem::path& folder, bool below) {
  std::error_code error;
  std::vector<std::filesystem::path> found;
  const auto look_at = [&](const std::filesystem::directory_entry& entry) {
    std::error_code ignored;
    if (IsTemporaryName(entry.path().filename().string()) && entry.is_regular_file(ignored) &&
        !entry.is_symlink(ignored))
      found.push_back(entry.path());
  };
  const auto look_through = [&](auto entry) {
    for (const decltype(entry) end; !error && entry != end; entry.increment(error)) look_at(*entry);
  };
  if (below)
    look_through(std::filesystem::recursive_directory_iterator(folder, error));
  else
    look_through(std::filesystem::directory_iterator(folder, error));
  for (const auto& path : found) std::filesystem::remove(path, error);
}

void WriteFileAtomically(const std::filesystem::path& path, std::string_view content) {
  AtomicFile file(path);
  file.Write(content);
  file.Commit();
}

}  // namespace skipbench
