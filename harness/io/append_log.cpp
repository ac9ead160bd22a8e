#include "harness/io/append_log.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "harness/base/error.h"

namespace skipbench {

AppendLog::AppendLog(const std::filesystem::path& path) : path_(path) {
  std::error_code error;
  std::filesystem::create_directories(path.parent_path(), error);
  if (error) Fail("{}: cannot be made a folder: {}", path.parent_path().string(), error.message());
  fd_ = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (fd_ < 0) FailErrno("cannot be opened", errno);
  try {
    std::string text, piece(1 << 16, '\0');
    for (;;) {
      const ssize_t got = read(fd_, piece.data(), piece.size());
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) FailErrno("cannot be read", errno);
      if (got == 0) break;
      text.append(piece, 0, static_cast<size_t>(got));
    }
    size_t begin = 0;
    for (size_t end; (end = text.find('\n', begin)) != std::string::npos; begin = end + 1) lines_.push_back(text.substr(begin, end - begin));
    if (begin < text.size() && ftruncate(fd_, static_cast<off_t>(begin)) != 0) FailErrno("its torn last line cannot be cut off", errno);
    if (lseek(fd_, static_cast<off_t>(begin), SEEK_SET) < 0) FailErrno("cannot be written to", errno);
  } catch (...) {
    close(fd_);
    throw;
  }
}

AppendLog::~AppendLog() { close(fd_); }

void AppendLog::Append(std::string_view lines) {
  if (lines.empty()) return;
  if (lines.back() != '\n') Fail("{}: only whole lines are appended", path_.string());
  while (!lines.empty()) {
    const ssize_t done = write(fd_, lines.data(), lines.size());
    if (done < 0 && errno == EINTR) continue;
    if (done < 0) FailErrno("cannot be written", errno);
    lines.remove_prefix(static_cast<size_t>(done));
  }
  if (fdatasync(fd_) != 0 && errno != EINVAL && errno != EROFS) FailErrno("cannot be brought to the disk", errno);
}

void AppendLog::FailErrno(const char* what, int error) const { Fail("{}: {}: {}", path_.string(), what, std::strerror(error)); }

}  // namespace skipbench
