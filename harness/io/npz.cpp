#include "harness/io/npz.h"

#include <zlib.h>

#include <algorithm>
#include <limits>
#include <string_view>
#include <utility>

#include "harness/base/error.h"
#include "harness/io/atomic_file.h"
#include "harness/io/mapped_file.h"
#include "harness/io/npy.h"
#include "harness/io/printable.h"

namespace skipbench {
namespace {

constexpr uint32_t kLocalHeader = 0x04034b50, kCentralEntry = 0x02014b50, kEnd = 0x06054b50, kEnd64 = 0x06064b50,
                   kEnd64Locator = 0x07064b50;
constexpr uint64_t kMaxMembers = 4096;
// Deflate cannot do better.
constexpr uint64_t kMaxRatio = 1032;

// Little-endian numbers at places that are checked.
class Reader {
 public:
  Reader(std::span<const std::byte> bytes, const std::string& origin) : bytes_(bytes), origin_(origin) {}
  uint64_t size() const { return bytes_.size(); }
  std::span<const std::byte> Part(uint64_t at, uint64_t size) const {
    if (at > bytes_.size() || size > bytes_.size() - at)
      Fail("{}: the archive is truncated or broken ({} bytes at {} are not there)", origin_, size, at);
    return bytes_.subspan(at, size);
  }
  uint64_t Number(uint64_t at, size_t size) const {
    const auto part = Part(at, size);
    uint64_t value = 0;
    for (size_t i = 0; i < size; ++i) value |= static_cast<uint64_t>(part[i]) << (8 * i);
    return value;
  }
  std::string Text(uint64_t at, uint64_t size) const {
    const auto part = Part(at, size);
    return {reinterpret_cast<const char*>(part.data()), part.size()};
  }

 private:
  std::span<const std::byte> bytes_;
  const std::string& origin_;
};

struct Member {
  std::string name;
  uint64_t method = 0, crc = 0, compressed = 0, size = 0, header = 0;
};

struct Directory {
  uint64_t offset = 0, members = 0;
};

Directory FindDirectory(const Reader& in, const std::string& origin) {
  if (in.size() < 22) Fail("{}: not a ZIP archive (.npz): {} bytes", origin, in.size());
  const uint64_t first = in.size() - std::min<uint64_t>(in.size(), 22 + 65535);
  for (uint64_t at = in.size() - 22;; --at) {
    if (in.Number(at, 4) == kEnd) {
      Directory directory{in.Number(at + 16, 4), in.Number(at + 10, 2)};
      if (at >= 20 && in.Number(at - 20, 4) == kEnd64Locator) {
        const uint64_t end64 = in.Number(at - 12, 8);
        if (in.Number(end64, 4) != kEnd64) Fail("{}: the archive's 64-bit directory is not where it should be", origin);
        directory = {in.Number(end64 + 48, 8), in.Number(end64 + 32, 8)};
      }
      if (directory.members > kMaxMembers)
        Fail("{}: the archive says that it has {} members", origin, directory.members);
      return directory;
    }
    if (at == first) Fail("{}: not a ZIP archive (.npz), or truncated: there is no directory at its end", origin);
  }
}

// The 64-bit sizes of an entry whose 32-bit ones are all ones (APPNOTE 4.5.3).
void ReadExtra64(const Reader& in, uint64_t at, uint64_t length, Member* member) {
  for (const uint64_t end = at + length; at + 4 <= end;) {
    const uint64_t id = in.Number(at, 2), size = in.Number(at + 2, 2);
    at += 4;
    if (id == 1) {
      uint64_t field = at;
      for (uint64_t* value : {&member->size, &member->compressed, &member->header}) {
        if (*value != 0xFFFFFFFF || field + 8 > at + size) continue;
        *value = in.Number(field, 8);
        field += 8;
      }
    }
    at += size;
  }
}

std::vector<Member> ReadDirectory(const Reader& in, const std::string& origin) {
  const Directory directory = FindDirectory(in, origin);
  std::vector<Member> members;
  uint64_t at = directory.offset, total = 0;
  for (uint64_t i = 0; i < directory.members; ++i) {
    if (in.Number(at, 4) != kCentralEntry) Fail("{}: entry {} of the archive's directory is broken", origin, i);
    const uint64_t flags = in.Number(at + 8, 2), name = in.Number(at + 28, 2), extra = in.Number(at + 30, 2),
                   comment = in.Number(at + 32, 2);
    Member member{in.Text(at + 46, name), in.Number(at + 10, 2), in.Number(at + 16, 4),
                  in.Number(at + 20, 4),  in.Number(at + 24, 4), in.Number(at + 42, 4)};
    ReadExtra64(in, at + 46 + name, extra, &member);
    if (flags & 1) FailUnsupported("{}: member \"{}\" is encrypted", origin, Printable(member.name));
    if (member.method != 0 && member.method != 8)
      FailUnsupported("{}: member \"{}\": compression method {} is not supported (stored and deflated are)", origin,
                      Printable(member.name), member.method);
    // Members that share bytes could make a small file a huge one.
    if (__builtin_add_overflow(total, member.compressed, &total) || total > in.size())
      Fail("{}: the archive's members overlap", origin);
    members.push_back(std::move(member));
    at += 46 + name + extra + comment;
  }
  return members;
}

std::string Inflate(std::span<const std::byte> data, uint64_t size, const std::string& origin) {
  if (size > data.size() * kMaxRatio + 64) Fail("{}: {} bytes cannot hold {}", origin, data.size(), size);
  std::string out(size, '\0');
  z_stream stream{};
  if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) Fail("{}: zlib does not start", origin);
  // zlib counts in 32 bits.
  constexpr uint64_t kStep = uint64_t{1} << 30;
  uint64_t in_at = 0, out_at = 0;
  int state = Z_OK;
  while (state == Z_OK) {
    if (stream.avail_in == 0 && in_at < data.size()) {
      stream.avail_in = static_cast<uInt>(std::min(kStep, data.size() - in_at));
      stream.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(data.data() + in_at));
      in_at += stream.avail_in;
    }
    if (stream.avail_out == 0 && out_at < out.size()) {
      stream.avail_out = static_cast<uInt>(std::min<uint64_t>(kStep, out.size() - out_at));
      stream.next_out = reinterpret_cast<Bytef*>(out.data() + out_at);
      out_at += stream.avail_out;
    }
    state = inflate(&stream, Z_NO_FLUSH);
  }
  const bool whole = state == Z_STREAM_END && out_at == out.size() && stream.avail_out == 0;
  inflateEnd(&stream);
  if (!whole) Fail("{}: the compressed data is broken", origin);
  return out;
}

uint32_t Crc(std::span<const std::byte> data) {
  return static_cast<uint32_t>(crc32_z(0, reinterpret_cast<const Bytef*>(data.data()), data.size()));
}

NpyArray ReadMember(const Reader& in, const Member& member, const std::string& origin) {
  if (in.Number(member.header, 4) != kLocalHeader) Fail("{}: the member is not where the directory says", origin);
  const uint64_t data_at = member.header + 30 + in.Number(member.header + 26, 2) + in.Number(member.header + 28, 2);
  const std::span<const std::byte> stored = in.Part(data_at, member.compressed);
  std::string inflated;
  std::span<const std::byte> data = stored;
  if (member.method == 8) {
    inflated = Inflate(stored, member.size, origin);
    data = std::as_bytes(std::span(inflated));
  } else if (member.size != member.compressed) {
    Fail("{}: stored, but of {} and {} bytes", origin, member.size, member.compressed);
  }
  if (Crc(data) != member.crc) Fail("{}: the checksum is wrong: the archive is damaged", origin);
  return ParseNpy(data, origin);
}

void Append(std::string* out, uint64_t value, size_t size) {
  for (size_t i = 0; i < size; ++i) *out += static_cast<char>(value >> (8 * i));
}

std::string Deflate(const std::string& data, const std::string& origin) {
  z_stream stream{};
  if (deflateInit2(&stream, 6, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY) != Z_OK)
    Fail("{}: zlib does not start", origin);
  std::string out(deflateBound(&stream, data.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(data.data()));
  stream.avail_in = static_cast<uInt>(data.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const int state = deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  if (state != Z_STREAM_END) Fail("{}: zlib cannot compress {} bytes", origin, data.size());
  return out;
}

std::string WhereOf(const Member& member, const std::string& origin) {
  return fmt::format("{}: member \"{}\"", origin, Printable(member.name));
}

}  // namespace

Npz ParseNpz(std::span<const std::byte> bytes, const std::string& origin) {
  const Reader in(bytes, origin);
  Npz arrays;
  for (const Member& member : ReadDirectory(in, origin)) {
    const std::string where = WhereOf(member, origin);
    if (!member.name.ends_with(".npy")) Fail("{}: expected a name that ends in .npy", where);
    if (!arrays.emplace(member.name.substr(0, member.name.size() - 4), ReadMember(in, member, where)).second)
      Fail("{}: is there twice", where);
  }
  return arrays;
}

Npz ReadNpz(const std::filesystem::path& path) {
  const MappedFile file(path);
  return ParseNpz(file.bytes(), path.string());
}

std::optional<NpyArray> ReadNpzMember(const std::filesystem::path& path, const std::string& name) {
  const MappedFile file(path);
  const Reader in(file.bytes(), path.string());
  for (const Member& member : ReadDirectory(in, path.string()))
    if (member.name == name + ".npy") return ReadMember(in, member, WhereOf(member, path.string()));
  return std::nullopt;
}

void WriteNpz(const std::filesystem::path& path, const Npz& arrays, bool deflate) {
  constexpr uint64_t kLimit = 0xFFFFFFFE;  // beyond it the 64-bit extensions would be needed
  AtomicFile file(path);
  std::string directory;
  uint64_t at = 0;
  for (const auto& [name, array] : arrays) {
    const std::string where = fmt::format("{}: member \"{}\"", path.string(), name);
    const std::string data = FormatNpy(array, where), file_name = name + ".npy";
    const uint32_t crc = Crc(std::as_bytes(std::span(data)));
    if (data.size() > kLimit)
      Fail("{}: {} bytes are too many for an archive without 64-bit extensions", where, data.size());
    const std::string stored = deflate ? Deflate(data, where) : data;
    if (at + stored.size() + 65536 > kLimit) Fail("{}: the archive would be larger than 4 GiB", where);
    std::string fields;      // common to the local header and the directory
    Append(&fields, 20, 2);  // version needed
    Append(&fields, 0, 2);   // flags
    Append(&fields, deflate ? 8 : 0, 2);
    Append(&fields, 0, 2);  // time; date: 1980-01-01
    Append(&fields, 0x21, 2);
    Append(&fields, crc, 4);
    Append(&fields, stored.size(), 4);
    Append(&fields, data.size(), 4);
    Append(&fields, file_name.size(), 2);
    Append(&fields, 0, 2);  // extra
    std::string header;
    Append(&header, kLocalHeader, 4);
    header += fields + file_name;
    Append(&directory, kCentralEntry, 4);
    Append(&directory, 20, 2);  // version made by
    directory += fields;
    Append(&directory, 0, 2);  // comment
    Append(&directory, 0, 2);  // disk
    Append(&directory, 0, 2);  // attributes
    Append(&directory, 0, 4);
    Append(&directory, at, 4);
    directory += file_name;
    file.Write(header);
    file.Write(stored);
    at += header.size() + stored.size();
  }
  std::string end;
  Append(&end, kEnd, 4);
  Append(&end, 0, 4);  // disks
  Append(&end, arrays.size(), 2);
  Append(&end, arrays.size(), 2);
  Append(&end, directory.size(), 4);
  Append(&end, at, 4);
  Append(&end, 0, 2);
  file.Write(directory + end);
  file.Commit();
}

}  // namespace skipbench
