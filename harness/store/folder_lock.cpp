#include "harness/store/folder_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "harness/base/error.h"
#include "harness/io/files/atomic_file.h"
#include "harness/store/claims/worker.h"

namespace skipbench {

namespace fs = std::filesystem;

void MakeFolder(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error || !fs::is_directory(folder)) Fail("{}: cannot be made a folder: {}", folder.string(), error.message());
  SyncFolder(folder.parent_path());
}

FolderLock::FolderLock(fs::path folder, Use use) : folder_(std::move(folder)) {
  MakeFolder(folder_);
  const fs::path path = folder_ / ".lock";
  file_ = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (file_ < 0) Fail("{}: cannot be opened: {}", path.string(), std::strerror(errno));
  // Each side shows itself first and looks for the other then: of two that start together at least one sees the other.
  const bool locked = flock(file_, (use == Use::kAlone ? LOCK_EX : LOCK_SH) | LOCK_NB) == 0;
  const int error = errno;
  if (locked || error == ENOLCK || error == EOPNOTSUPP || error == ENOSYS) {
    if (use == Use::kShared && locked) flock(file_, LOCK_UN);
    if (use == Use::kShared) return;
    try {
      RequireNoWorkers(folder_);
    } catch (const Error&) {
      close(file_);
      throw;
    }
    return;
  }
  close(file_);
  if (error == EWOULDBLOCK)
    Fail("{}: another run or merge is writing into this folder (it holds {})", folder_.string(), path.string());
  Fail("{}: cannot be locked: {}", path.string(), std::strerror(error));
}

bool FolderLock::IsHeld(const fs::path& folder) {
  const int file = open((folder / ".lock").c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return false;
  const bool held = flock(file, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
  close(file);
  return held;
}

FolderLock::~FolderLock() { close(file_); }

void FolderLock::RequireFolder() const {
  struct stat held {
  }, found{};
  const bool there = fstat(file_, &held) == 0 && stat((folder_ / ".lock").c_str(), &found) == 0;
  if (!there || held.st_dev != found.st_dev || held.st_ino != found.st_ino)
    Fail(
        "{}: the folder was removed, moved or replaced while results were written into it; what was stored is where it "
        "was taken, and nothing more is written",
        folder_.string());
}

}  // namespace skipbench
