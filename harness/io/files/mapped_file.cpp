#include "harness/io/files/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "harness/base/error.h"
#include "harness/base/text.h"

namespace skipbench {

// Whatever throws, the destructor runs: the object is complete once the other constructor is through.
MappedFile::MappedFile(const std::filesystem::path& path) : MappedFile() {
  path_ = path;
  fd_ = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);  // not blocked by a FIFO of that name
  if (fd_ < 0) Fail("{}: cannot be opened: {}", path.string(), std::strerror(errno));
  struct stat info {};
  if (fstat(fd_, &info) != 0 || !S_ISREG(info.st_mode)) Fail("{}: not a regular file", path.string());
  const auto size = static_cast<size_t>(info.st_size);
  if (size == 0) return;
  void* address = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd_, 0);
  if (address == MAP_FAILED)
    Fail("{}: cannot be mapped into memory ({} bytes): {}", path.string(), size, std::strerror(errno));
  data_ = static_cast<const std::byte*>(address);
  size_ = size;
  RefuseLfsPointer({static_cast<const char*>(address), std::min<size_t>(size_, 512)}, path.string());
}

MappedFile::~MappedFile() {
  if (data_) munmap(const_cast<std::byte*>(data_), size_);
  if (fd_ >= 0) close(fd_);
}

void MappedFile::Release(std::span<const std::byte> part) const {
  if (part.empty()) return;
  const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  const size_t offset = static_cast<size_t>(part.data() - data_);
  // Pages at both ends may be shared with neighbours; dropping them only costs another (minor) page fault.
  const size_t begin = offset / page * page;
  madvise(const_cast<std::byte*>(data_) + begin, offset + part.size() - begin, MADV_DONTNEED);
}

void MappedFile::Read(std::span<const std::byte> part, void* out) const {
  auto offset = static_cast<off_t>(part.data() - data_);
  auto* to = static_cast<char*>(out);
  size_t left = part.size();
  while (left > 0) {
    const ssize_t got = pread(fd_, to, left, offset);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) Fail("{}: cannot be read at byte {}: {}", path_.string(), offset, std::strerror(errno));
    if (got == 0) Fail("{}: became shorter while it was read: nothing at byte {}", path_.string(), offset);
    to += got;
    offset += got;
    left -= static_cast<size_t>(got);
  }
}

}  // namespace skipbench
