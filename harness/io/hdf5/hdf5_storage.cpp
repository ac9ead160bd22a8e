#include "harness/io/hdf5/hdf5_storage.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#if H5_VERSION_GE(1, 13, 0)
#include <H5FDdevelop.h>
#endif

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "harness/base/error.h"
#include "harness/io/files/content_kind.h"

namespace skipbench::hdf5 {
namespace {

constexpr std::string_view kMagic = "skipbench results\n";
constexpr std::array<unsigned char, 8> kHdf5Signature = {0x89, 'H', 'D', 'F', '\r', '\n', 0x1a, '\n'};

std::string SizeLines(uint64_t size) { return fmt::format("{}An HDF5 file. Bytes in all: {}\n", kMagic, size); }

std::string UserBlock(uint64_t size, uint32_t checksum) {
  return SizeLines(size) + fmt::format("CRC-32 of the bytes after the first {}: {:08x}\n", kUserBlockSize, checksum);
}

}  // namespace

Storage Storage::OpenUnchecked(const std::filesystem::path& path) {
  // O_NONBLOCK: a named pipe would wait here for somebody who writes; it has no influence on regular files.
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) Fail("{}: cannot be opened: {}", path.string(), std::strerror(errno));
  Storage storage(path, fd);
  struct stat info {};
  if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) Fail("{}: not a regular file", path.string());
  storage.size_ = static_cast<uint64_t>(info.st_size);
  return storage;
}

Storage Storage::Open(const std::filesystem::path& path) {
  Storage storage = OpenUnchecked(path);
  std::array<char, kUserBlockSize> head{};
  if (!storage.ReadAt(0, head.data(), head.size())) Fail("{}: cannot be read: {}", path.string(), std::strerror(errno));
  if (storage.size_ >= kHdf5Signature.size() &&
      std::memcmp(head.data(), kHdf5Signature.data(), kHdf5Signature.size()) == 0) {
    storage.flaw_ = "has none of the lines that skipbench begins its files with, and so no checksum";
    storage.edited_ = true;
    return storage;
  }
  const std::string kind = KindByContent(std::string_view(head.data(), head.size())).name;
  if (std::string_view(head.data(), kMagic.size()) != kMagic)
    Fail("{}: not an HDF5 file of skipbench (its first bytes are {})", path.string(),
         storage.size_ == 0 ? "missing: it is empty"
         : kind.empty()     ? "something else"
                            : "those of " + kind);
  storage.CheckUserBlock(std::string(head.data(), strnlen(head.data(), head.size())));
  return storage;
}

void Storage::CheckUserBlock(const std::string& found) {
  const uint32_t checksum = Checksum();
  if (found == UserBlock(size_, checksum)) return;
  if (found.starts_with(SizeLines(size_))) {
    flaw_ = "damaged, or changed since it was written: its content does not have the checksum noted in its first lines";
    return;
  }
  // Another size: a truncated file, the commonest damage, or one that a tool has changed. The latter has another
  // checksum too, and HDF5's superblock (version 2 and 3: the end of the file stands at byte 28) tells its size.
  flaw_ = fmt::format("truncated or damaged: it has {} bytes, which is not the size noted in its first lines", size_);
  std::array<unsigned char, 36> superblock{};
  if (!ReadAt(kUserBlockSize, superblock.data(), superblock.size())) return;
  uint64_t end = 0;
  for (size_t i = 0; i < 8; ++i) end |= uint64_t{superblock[28 + i]} << (8 * i);
  const bool is_superblock =
      std::memcmp(superblock.data(), kHdf5Signature.data(), kHdf5Signature.size()) == 0 && superblock[9] == 8;
  // The first lines themselves must be whole: with some other size and checksum.
  unsigned long long noted_size = 0;
  unsigned noted_checksum = 0;
  const bool lines = found.size() > kMagic.size() &&
                     std::sscanf(found.c_str() + kMagic.size(), "An HDF5 file. Bytes in all: %llu", &noted_size) == 1 &&
                     found.size() > 10 && std::sscanf(found.c_str() + found.size() - 9, "%8x", &noted_checksum) == 1 &&
                     found == UserBlock(noted_size, noted_checksum);
  edited_ = is_superblock && end == size_ && lines && noted_checksum != checksum;
  if (edited_) flaw_ = "changed since it was written, by a program that writes HDF5";
}

Storage::Storage(Storage&& other) noexcept
    : path_(std::move(other.path_)),
      fd_(std::exchange(other.fd_, -1)),
      size_(other.size_),
      flaw_(std::move(other.flaw_)),
      edited_(other.edited_),
      write_error_(other.write_error_) {}

Storage::~Storage() {
  if (fd_ >= 0) close(fd_);
}

void Storage::ThrowWriteError() const {
  if (write_error_) Fail("{}: cannot be written: {}", path_.string(), std::strerror(write_error_));
}

bool Storage::ReadAt(uint64_t offset, void* to, size_t count) const {
  char* out = static_cast<char*>(to);
  while (count > 0) {
    const ssize_t done = pread(fd_, out, count, static_cast<off_t>(offset));
    if (done < 0 && errno == EINTR) continue;
    if (done < 0) return false;
    if (done == 0) {
      std::memset(out, 0, count);
      return true;
    }
    out += done;
    offset += static_cast<uint64_t>(done);
    count -= static_cast<size_t>(done);
  }
  return true;
}

void Storage::WriteAt(uint64_t offset, const void* from, size_t count) {
  size_ = std::max(size_, offset + count);
  const char* in = static_cast<const char*>(from);
  while (count > 0 && write_error_ == 0) {
    const ssize_t done = pwrite(fd_, in, count, static_cast<off_t>(offset));
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) {
      write_error_ = done < 0 ? errno : ENOSPC;
      return;
    }
    in += done;
    offset += static_cast<uint64_t>(done);
    count -= static_cast<size_t>(done);
  }
}

void Storage::Resize(uint64_t size) {
  if (write_error_ == 0 && ftruncate(fd_, static_cast<off_t>(size)) != 0) write_error_ = errno;
  size_ = size;
}

uint32_t Storage::Checksum() const {
  std::vector<unsigned char> buffer(size_t{1} << 20);
  uLong sum = crc32_z(0, nullptr, 0);
  for (uint64_t at = kUserBlockSize; at < size_;) {
    const size_t count = static_cast<size_t>(std::min<uint64_t>(buffer.size(), size_ - at));
    if (!ReadAt(at, buffer.data(), count)) Fail("{}: cannot be read: {}", path_.string(), std::strerror(errno));
    sum = crc32_z(sum, buffer.data(), count);
    at += count;
  }
  return static_cast<uint32_t>(sum);
}

void Storage::Seal() {
  ThrowWriteError();
  std::string block = UserBlock(size_, Checksum());
  block.resize(kUserBlockSize, '\0');
  WriteAt(0, block.data(), block.size());
  if (write_error_ == 0 && fsync(fd_) != 0) write_error_ = errno;
  ThrowWriteError();
}

// ---- the driver -----------------------------------------------------------------------------------------------------

namespace {

constexpr haddr_t kMaxAddress = static_cast<haddr_t>(INT64_MAX);

struct DriverFile {
  H5FD_t base;  // first: HDF5 hands out pointers to it
  Storage* storage;
  haddr_t end_allocated;  // "EOA": how far HDF5 has given out addresses
};

DriverFile* Of(H5FD_t* file) { return reinterpret_cast<DriverFile*>(file); }
const DriverFile* Of(const H5FD_t* file) { return reinterpret_cast<const DriverFile*>(file); }

H5FD_t* DriverOpen(const char*, unsigned flags, hid_t access_list, haddr_t) {
  const auto* info = static_cast<Storage* const*>(H5Pget_driver_info(access_list));
  if (!info || !*info) return nullptr;
  auto file = std::make_unique<DriverFile>();
  file->storage = *info;
  if (flags & H5F_ACC_TRUNC) file->storage->Resize(0);
  return &file.release()->base;
}

herr_t DriverClose(H5FD_t* file) {
  delete Of(file);
  return 0;
}

herr_t DriverQuery(const H5FD_t*, unsigned long* flags) {
  if (flags)
    *flags = H5FD_FEAT_AGGREGATE_METADATA | H5FD_FEAT_ACCUMULATE_METADATA | H5FD_FEAT_DATA_SIEVE |
             H5FD_FEAT_AGGREGATE_SMALLDATA;
  return 0;
}

haddr_t DriverGetEoa(const H5FD_t* file, H5FD_mem_t) { return Of(file)->end_allocated; }

herr_t DriverSetEoa(H5FD_t* file, H5FD_mem_t, haddr_t address) {
  Of(file)->end_allocated = address;
  return 0;
}

haddr_t DriverGetEof(const H5FD_t* file, H5FD_mem_t) { return Of(file)->storage->size(); }

// Addresses come from the file: what lies beyond it is refused here, so that no structure is made of bytes that are not
// there.
bool InRange(haddr_t address, size_t size, haddr_t end) { return address <= end && size <= end - address; }

herr_t DriverRead(H5FD_t* file, H5FD_mem_t, hid_t, haddr_t address, size_t size, void* buffer) {
  if (!InRange(address, size, Of(file)->end_allocated)) return -1;
  return Of(file)->storage->ReadAt(address, buffer, size) ? 0 : -1;
}

herr_t DriverWrite(H5FD_t* file, H5FD_mem_t, hid_t, haddr_t address, size_t size, const void* buffer) {
  if (!InRange(address, size, kMaxAddress)) return -1;
  Of(file)->storage->WriteAt(address, buffer, size);
  return 0;
}

herr_t DriverTruncate(H5FD_t* file, hid_t, hbool_t) {
  if (Of(file)->storage->size() != Of(file)->end_allocated) Of(file)->storage->Resize(Of(file)->end_allocated);
  return 0;
}

hid_t Driver() {
  static const hid_t id = [] {
    static H5FD_class_t driver{};  // HDF5 keeps a copy
#if H5_VERSION_GE(1, 13, 0)
    driver.version = H5FD_CLASS_VERSION;
    driver.value = static_cast<H5FD_class_value_t>(513);  // of the range for private drivers
#endif
    driver.name = "skipbench";
    driver.maxaddr = kMaxAddress;
    driver.fc_degree = H5F_CLOSE_STRONG;
    driver.fapl_size = sizeof(Storage*);
    driver.open = DriverOpen;
    driver.close = DriverClose;
    driver.query = DriverQuery;
    driver.get_eoa = DriverGetEoa;
    driver.set_eoa = DriverSetEoa;
    driver.get_eof = DriverGetEof;
    driver.read = DriverRead;
    driver.write = DriverWrite;
    driver.truncate = DriverTruncate;
    const H5FD_mem_t map[] = H5FD_FLMAP_DICHOTOMY;
    std::copy(std::begin(map), std::end(map), driver.fl_map);
    return H5FDregister(&driver);
  }();
  return id;
}

}  // namespace

hid_t AccessList(Storage& storage) {
  const hid_t list = H5Pcreate(H5P_FILE_ACCESS);
  Storage* pointer = &storage;
  if (list < 0 || H5Pset_driver(list, Driver(), &pointer) < 0 || H5Pset_fclose_degree(list, H5F_CLOSE_STRONG) < 0 ||
      // Version 1.8's structures: every reader of today knows them, and unlike older ones they carry checksums and any
      // number of attributes. Nothing that HDF5 1.10 cannot read, whichever library skipbench is built with.
      H5Pset_libver_bounds(list, H5F_LIBVER_V18, H5F_LIBVER_V110) < 0)
    Fail("{}: HDF5 cannot be set up", storage.path().string());
  return list;
}

}  // namespace skipbench::hdf5
