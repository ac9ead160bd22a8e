#include "harness/io/files/atomic_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "harness/base/error.h"

namespace skipbench {
namespace {

constexpr size_t kBufferSize = size_t{1} << 16;

std::filesystem::path ParentOf(const std::filesystem::path& path) {
  return path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
}

// umask() cannot be asked without being set, and it belongs to all threads; /proc tells it.
mode_t NewFileMode() {
  mode_t mask = 022;
  if (FILE* status = std::fopen("/proc/self/status", "re")) {
    char line[256];
    unsigned value = 0;
    while (std::fgets(line, sizeof line, status))
      if (std::sscanf(line, "Umask: %o", &value) == 1) mask = value;
    std::fclose(status);
  }
  return 0666 & ~mask;
}

}  // namespace

TemporaryFile::TemporaryFile(const std::filesystem::path& path) {
  name = (ParentOf(path) / fmt::format(".{}.XXXXXX.tmp", path.filename().string())).string();
  descriptor = mkostemps(name.data(), 4, O_CLOEXEC);
  if (descriptor < 0) Fail("{}: cannot create a file beside it: {}", path.string(), std::strerror(errno));
  fchmod(descriptor, NewFileMode());
}

AtomicFile::AtomicFile(const std::filesystem::path& path) : path_(path) {
  const std::filesystem::path parent = ParentOf(path);
  std::error_code error;
  std::filesystem::create_directories(parent, error);
  if (error) Fail("{}: cannot create the folder {}: {}", path.string(), parent.string(), error.message());
  if (std::filesystem::is_directory(path, error)) Fail("{}: cannot be written: it is a folder", path.string());
  // The new file takes the name of the old one; a device, a pipe or a link to one (/dev/stdout) would be gone.
  if (std::filesystem::exists(path, error) && !std::filesystem::is_regular_file(path, error))
    Fail("{}: cannot be written: it is no regular file", path.string());
  TemporaryFile file(path);
  temporary_ = std::move(file.name);
  fd_ = file.descriptor;
  buffer_.reserve(kBufferSize);
}

AtomicFile::~AtomicFile() {
  if (fd_ >= 0) close(fd_);
  if (!temporary_.empty()) unlink(temporary_.c_str());
}

void AtomicFile::FailErrno(const char* what, int error) {
  Fail("{}: {}: {}{}", path_.string(), what, std::strerror(error),
       error == ENOSPC || error == EDQUOT ? "; the file is left as it was" : "");
}

void AtomicFile::Flush() {
  const char* from = buffer_.data();
  size_t left = buffer_.size();
  while (left > 0) {
    const ssize_t done = write(fd_, from, left);
    if (done < 0 && errno == EINTR) continue;
    if (done < 0) FailErrno("cannot be written", errno);
    from += done;
    left -= static_cast<size_t>(done);
  }
  buffer_.clear();
}

void AtomicFile::Write(const void* data, size_t size) {
  const char* from = static_cast<const char*>(data);
  while (size > 0) {
    const size_t part = std::min(size, kBufferSize - buffer_.size());
    buffer_.append(from, part);
    from += part;
    size -= part;
    if (buffer_.size() == kBufferSize) Flush();
  }
}

void AtomicFile::Commit() {
  Flush();
  if (fsync(fd_) != 0) FailErrno("cannot be written", errno);
  const int fd = fd_;
  fd_ = -1;
  if (close(fd) != 0) FailErrno("cannot be written", errno);
  if (rename(temporary_.c_str(), path_.c_str()) != 0) FailErrno("cannot be put in place", errno);
  temporary_.clear();
  // The name itself should survive a power cut too; a file system that cannot sync a folder is no reason to fail.
  const int folder = open(ParentOf(path_).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder >= 0) {
    fsync(folder);
    close(folder);
  }
}

bool IsTemporaryName(const std::string& name) {
  constexpr size_t kEnding = sizeof ".XXXXXX.tmp" - 1;
  if (name.size() <= kEnding + 1 || name[0] != '.' || !name.ends_with(".tmp") || name[name.size() - kEnding] != '.')
    return false;
  return std::all_of(name.end() - kEnding + 1, name.end() - 4, [](unsigned char c) { return std::isalnum(c) != 0; });
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
  if (below) {
    for (std::filesystem::recursive_directory_iterator entry(folder, error), end; !error && entry != end;
         entry.increment(error))
      look_at(*entry);
  } else {
    for (std::filesystem::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error))
      look_at(*entry);
  }
  for (const auto& path : found) std::filesystem::remove(path, error);
}

void WriteFileAtomically(const std::filesystem::path& path, std::string_view content) {
  AtomicFile file(path);
  file.Write(content);
  file.Commit();
}

}  // namespace skipbench
