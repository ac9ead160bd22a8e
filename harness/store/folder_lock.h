// One writer at a time in a result folder, which is told when somebody takes the folder away.
#pragma once

#include <filesystem>

namespace skipbench {

class FolderLock {
 public:
  // Makes the folder, and locks FOLDER/.lock until the end. Error naming the folder when another process writes there.
  // A file system that knows no locks is no reason to stop.
  explicit FolderLock(std::filesystem::path folder);
  ~FolderLock();
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

  // Error when the folder that was locked is no longer what stands at its path: removed, moved, or replaced by another.
  void RequireFolder() const;

 private:
  std::filesystem::path folder_;
  int file_ = -1;
};

// Makes the folder with all above it, and makes its name durable. Error naming it.
void MakeFolder(const std::filesystem::path& folder);

}  // namespace skipbench
