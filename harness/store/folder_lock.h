// One writer at a time in a result folder, which is told when somebody takes the folder away.
#pragma once

#include <filesystem>

namespace skipbench {

class FolderLock {
 public:
  enum class Use {
    kAlone,   // FOLDER/.lock is locked until the end
    kShared,  // together with the processes in claims/ (claims.h), which exclude one that is alone, and the other way
              // round; no lock is held
  };
  // Makes the folder. Error naming it when another process writes there that cannot be written beside; who shares must
  // be in claims/ before. A file system that knows no locks is no reason to stop.
  explicit FolderLock(std::filesystem::path folder, Use use = Use::kAlone);
  ~FolderLock();
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

  // Whether a process has locked the folder for itself, as far as the file system tells.
  static bool IsHeld(const std::filesystem::path& folder);

  // Error when the folder that was locked is no longer what stands at its path: removed, moved, or replaced by another.
  void RequireFolder() const;

 private:
  std::filesystem::path folder_;
  int file_ = -1;
};

// Makes the folder with all above it, and makes its name durable. Error naming it.
void MakeFolder(const std::filesystem::path& folder);

}  // namespace skipbench
