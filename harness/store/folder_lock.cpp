#include "harness/store/folder_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "harness/base/error.h"
#include "harness/io/files/atomic_file.h"

namespace skipbench {

namespace fs = std::filesystem;

void MakeFolder(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error || !fs::is_directory(folder)) Fail("{}: cannot be made a folder: {}", folder.string(), error.message());
  SyncFolder(folder.parent_path());
}

FolderLock::FolderLock(fs::path folder) : folder_(std::move(folder)) {
  MakeFolder(folder_);
  const fs::path path = folder_ / ".lock";
  file_ = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (file_ < 0) Fail("{}: cannot be opened: {}", path.string(), std::strerror(errno));
  if (flock(file_, LOCK_EX | LOCK_NB) == 0) return;
  const int error = errno;
  if (error == ENOLCK || error == EOPNOTSUPP || error == ENOSYS) return;
  close(file_);
  if (error == EWOULDBLOCK)
    Fail("{}: another run or merge is writing into this folder (it holds {})", folder_.string(), path.string());
  Fail("{}: cannot be locked: {}", path.string(), std::strerror(error));
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
