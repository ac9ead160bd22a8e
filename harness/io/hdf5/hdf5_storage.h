// The bytes under an HDF5 file: a file driver of our own, so that a full disk, a killed program and a damaged file each
// end in one clear error. HDF5's own reports a failed write from the middle of a flush, after which a file can often
// not even be closed again, and loses errno. This one remembers the first failure, pretends that all went well from
// then on, and lets the writer ask before the file gets its name.
#pragma once

#include <hdf5.h>

#include <cstdint>
#include <filesystem>
#include <string>

namespace skipbench::hdf5 {

// The first bytes of a file (HDF5's "user block", which every HDF5 reader skips): a text line that says what the file
// is, its size, and a CRC-32 of all bytes that follow. libhdf5 is not safe on damaged files; whoever reads checks this
// first.
inline constexpr size_t kUserBlockSize = 512;

// An open file, read or written at any place.
class Storage {
 public:
  // An empty file to be written, whose descriptor it closes in the end; messages call it `shown_as`.
  static Storage Write(int descriptor, const std::filesystem::path& shown_as) { return Storage(shown_as, descriptor); }
  // Opens a file for reading and checks it against its user block: see flaw(). Throws Error when it is no regular file,
  // or starts neither with a user block as above nor as HDF5 files do.
  static Storage Open(const std::filesystem::path& path);
  // The same without the check.
  static Storage OpenUnchecked(const std::filesystem::path& path);
  // Messages call it `path` from here on.
  void ShowAs(const std::filesystem::path& path) { path_ = path; }

  Storage(Storage&& other) noexcept;
  Storage& operator=(Storage&&) = delete;
  ~Storage();

  const std::filesystem::path& path() const { return path_; }
  uint64_t size() const { return size_; }
  // What is wrong with an opened file; empty: its size and checksum are the noted ones.
  const std::string& flaw() const { return flaw_; }
  // It has a flaw, and is what tools that change HDF5 files make: either without a user block, or of another size than
  // the noted one, as HDF5's own superblock says too. Neither a truncated file nor one with some bytes changed is.
  bool edited() const { return edited_; }
  // The errno of the first write that failed; 0: none.
  int write_error() const { return write_error_; }
  // Throws Error naming the file and the cause if a write has failed.
  void ThrowWriteError() const;

  // Writes the user block and waits until everything has reached the disk.
  void Seal();

  // For the driver.
  bool ReadAt(uint64_t offset, void* to, size_t count) const;     // beyond the end: zeros
  void WriteAt(uint64_t offset, const void* from, size_t count);  // failures are kept, see above
  void Resize(uint64_t size);

 private:
  Storage(std::filesystem::path path, int fd) : path_(std::move(path)), fd_(fd) {}
  uint32_t Checksum() const;
  void CheckUserBlock(const std::string& found);

  std::filesystem::path path_;
  int fd_ = -1;
  uint64_t size_ = 0;
  std::string flaw_;
  bool edited_ = false;
  int write_error_ = 0;
};

// A file access property list (to be closed with H5Pclose) whose driver works on `storage`, which must outlive the
// file.
hid_t AccessList(Storage& storage);

}  // namespace skipbench::hdf5
