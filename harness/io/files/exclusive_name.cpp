#include "harness/io/files/exclusive_name.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "harness/base/error.h"
#include "harness/io/files/atomic_file.h"

namespace skipbench {
namespace {

bool NoLinks(int error) { return error == EPERM || error == ENOTSUP || error == ENOSYS || error == EMLINK; }

bool WriteAll(int file, std::string_view content) {
  while (!content.empty()) {
    const ssize_t written = write(file, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    content.remove_prefix(static_cast<size_t>(written));
  }
  return true;
}

// An answer that was lost on its way is asked for again: then "it exists" is said of the link that was just made.
bool IsLinked(const std::filesystem::path& a, const std::filesystem::path& b) {
  struct stat one {
  }, other{};
  return stat(a.c_str(), &one) == 0 && stat(b.c_str(), &other) == 0 && one.st_dev == other.st_dev &&
         one.st_ino == other.st_ino;
}

// 0, or the error; EEXIST only where another file has the name.
int Link(const std::filesystem::path& temporary, const std::filesystem::path& path) {
  if (link(temporary.c_str(), path.c_str()) == 0) return 0;
  const int error = errno;
  return error == EEXIST && IsLinked(temporary, path) ? 0 : error;
}

bool CreateHere(const std::filesystem::path& path, std::string_view content) {
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (file < 0 && errno == EEXIST) return false;
  if (file < 0) Fail("{}: cannot be made: {}", path.string(), std::strerror(errno));
  const bool written = WriteAll(file, content);
  const int error = errno;
  if (close(file) != 0 || !written) Fail("{}: cannot be written: {}", path.string(), std::strerror(error));
  return true;
}

}  // namespace

bool TakeName(const std::filesystem::path& temporary, const std::filesystem::path& path, bool may_replace) {
  const int error = Link(temporary, path);
  if (may_replace && NoLinks(error)) {
    if (rename(temporary.c_str(), path.c_str()) == 0) return true;
    Fail("{}: cannot be put in place: {}", path.string(), std::strerror(errno));
  }
  unlink(temporary.c_str());
  if (error != 0 && error != EEXIST) Fail("{}: cannot be put in place: {}", path.string(), std::strerror(error));
  return error == 0;
}

bool MakeExclusively(const std::filesystem::path& path, std::string_view content) {
  TemporaryFile temporary(path);
  const bool written = WriteAll(temporary.descriptor, content);
  int error = errno;
  if (close(temporary.descriptor) != 0 || !written) {
    unlink(temporary.name.c_str());
    Fail("{}: cannot be written: {}", path.string(), std::strerror(error));
  }
  error = Link(temporary.name, path);
  unlink(temporary.name.c_str());
  if (NoLinks(error)) return CreateHere(path, content);
  if (error != 0 && error != EEXIST) Fail("{}: cannot be made: {}", path.string(), std::strerror(error));
  return error == 0;
}

bool ReplaceQuickly(const std::filesystem::path& path, std::string_view content) {
  try {
    TemporaryFile temporary(path);
    const bool written = WriteAll(temporary.descriptor, content);
    if (close(temporary.descriptor) == 0 && written && rename(temporary.name.c_str(), path.c_str()) == 0) return true;
    unlink(temporary.name.c_str());
  } catch (const Error&) {  // no folder, no space, no permission
  }
  return false;
}

}  // namespace skipbench
