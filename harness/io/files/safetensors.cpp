#include "harness/io/files/safetensors.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>

#include "harness/base/error.h"
#include "harness/base/text.h"
#include "harness/io/files/atomic_file.h"
#include "harness/io/files/content_kind.h"
#include "harness/io/files/safetensors_header.h"

namespace skipbench {

static_assert(std::endian::native == std::endian::little, "safetensors are little-endian");

namespace {

constexpr uint64_t kMaxHeader = 100'000'000;  // as the official library

struct DtypeInfo {
  Dtype dtype;
  const char* name;
  int bits;
};
constexpr DtypeInfo kDtypes[] = {
    {Dtype::kBool, "BOOL", 8},      {Dtype::kU8, "U8", 8},          {Dtype::kI8, "I8", 8},
    {Dtype::kI16, "I16", 16},       {Dtype::kI32, "I32", 32},       {Dtype::kI64, "I64", 64},
    {Dtype::kF16, "F16", 16},       {Dtype::kBF16, "BF16", 16},     {Dtype::kF32, "F32", 32},
    {Dtype::kF64, "F64", 64},       {Dtype::kU16, "U16", 16},       {Dtype::kU32, "U32", 32},
    {Dtype::kU64, "U64", 64},       {Dtype::kF8E4M3, "F8_E4M3", 8}, {Dtype::kF8E5M2, "F8_E5M2", 8},
    {Dtype::kF8E8M0, "F8_E8M0", 8}, {Dtype::kF4, "F4", 4},          {Dtype::kF6E2M3, "F6_E2M3", 6},
    {Dtype::kF6E3M2, "F6_E3M2", 6}, {Dtype::kC64, "C64", 64},
};

const DtypeInfo& InfoOf(Dtype dtype) {
  for (const auto& one : kDtypes)
    if (one.dtype == dtype) return one;
  Fail("internal: unknown dtype {}", static_cast<int>(dtype));
}

const DtypeInfo* FindDtype(std::string_view name) {
  for (const auto& one : kDtypes)
    if (name == one.name) return &one;
  return nullptr;
}

std::string ShapeText(const std::vector<int64_t>& shape) {
  std::string text = "[";
  for (size_t i = 0; i < shape.size() && i < 16; ++i) text += fmt::format("{}{}", i ? ", " : "", shape[i]);
  return text + (shape.size() > 16 ? ", ...]" : "]");
}

// Bytes of a tensor. Every dimension counts at least once in the overflow check, so that strides are safe too.
uint64_t BytesOf(Dtype dtype, const std::vector<int64_t>& shape, const std::string& where) {
  uint64_t bits = static_cast<uint64_t>(DtypeBits(dtype));
  bool empty = false;
  for (int64_t size : shape) {
    if (size < 0) Fail("{}: the shape {} has a negative size", where, ShapeText(shape));
    empty |= size == 0;
    const bool overflow = __builtin_mul_overflow(bits, static_cast<uint64_t>(std::max<int64_t>(size, 1)), &bits);
    if (overflow || bits > static_cast<uint64_t>(std::numeric_limits<int64_t>::max()))
      Fail("{}: the shape {} is too large: its size overflows 64 bits", where, ShapeText(shape));
  }
  if (empty) return 0;
  if (bits % 8 != 0) Fail("{}: {} elements of {} do not fill whole bytes", where, ShapeText(shape), DtypeName(dtype));
  return bits / 8;
}

// Checks one tensor of the header against the data that follows it.
SafetensorsEntry Check(const HeaderTensor& tensor, std::span<const std::byte> data, const std::string& origin) {
  const std::string where = fmt::format("{}: tensor \"{}\"", origin, Printable(tensor.name));
  const DtypeInfo* dtype = FindDtype(tensor.dtype);
  if (!dtype) Fail("{}: unknown dtype \"{}\"", where, Printable(tensor.dtype));
  const uint64_t size = BytesOf(dtype->dtype, tensor.shape, where);
  if (tensor.begin > tensor.end) Fail("{}: data_offsets [{}, {}] run backwards", where, tensor.begin, tensor.end);
  if (tensor.end > data.size())
    Fail("{}: data_offsets [{}, {}] lie beyond the {} bytes of data in the file (is it truncated?)", where,
         tensor.begin, tensor.end, data.size());
  if (tensor.end - tensor.begin != size)
    Fail("{}: {} {} takes {} bytes, but data_offsets [{}, {}] span {}", where, dtype->name, ShapeText(tensor.shape),
         size, tensor.begin, tensor.end, tensor.end - tensor.begin);
  return {tensor.name, dtype->dtype, tensor.shape, data.subspan(tensor.begin, size)};
}

}  // namespace

const char* DtypeName(Dtype dtype) { return InfoOf(dtype).name; }
int DtypeBits(Dtype dtype) { return InfoOf(dtype).bits; }

namespace {

std::string_view Text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

SafetensorsContent ParseSafetensors(std::span<const std::byte> bytes, const std::string& origin) {
  if (bytes.size() < 8) Fail("{}: {} bytes; a safetensors file has at least 8", origin, bytes.size());
  uint64_t length = 0;
  std::memcpy(&length, bytes.data(), 8);
  if (length > kMaxHeader) {
    if (const std::string kind = KindByContent(Text(bytes.first(std::min(bytes.size(), kContentHead)))).name;
        !kind.empty())
      Fail("{}: {}; a safetensors file was expected", origin, kind);
    Fail("{}: the header says it is {} bytes long; at most {} are allowed (not a safetensors file?)", origin, length,
         kMaxHeader);
  }
  if (length > bytes.size() - 8)
    Fail("{}: the header says it is {} bytes long, but only {} follow (is the file truncated?)", origin, length,
         bytes.size() - 8);
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()) + 8, length);
  SafetensorsHeader header = ParseSafetensorsHeader(text, origin);
  const std::span<const std::byte> data = bytes.subspan(8 + length);

  std::stable_sort(header.tensors.begin(), header.tensors.end(), [](const HeaderTensor& a, const HeaderTensor& b) {
    return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
  });
  SafetensorsContent content{{}, std::move(header.metadata)};
  content.entries.reserve(header.tensors.size());
  uint64_t reached = 0;
  const std::string* previous = nullptr;
  for (const HeaderTensor& tensor : header.tensors) {
    SafetensorsEntry entry = Check(tensor, data, origin);
    if (tensor.begin < reached)
      Fail("{}: tensor \"{}\" [{}, {}] overlaps tensor \"{}\", which ends at {}", origin, Printable(tensor.name),
           tensor.begin, tensor.end, Printable(*previous), reached);
    if (tensor.begin > reached)
      Fail("{}: bytes {} to {} of the data, before tensor \"{}\", belong to no tensor", origin, reached, tensor.begin,
           Printable(tensor.name));
    reached = tensor.end;
    previous = &tensor.name;
    content.entries.push_back(std::move(entry));
  }
  if (reached != data.size())
    Fail("{}: the tensors end at byte {} of the data, but the file holds {}", origin, reached, data.size());
  return content;
}

void RefusePickle(const std::filesystem::path& path, std::span<const std::byte> head) {
  const std::string extension = path.extension().string();
  if (const std::string kind = KindByContent(Text(head)).name; kind == kNumpyArchive)
    Fail("{}: {}; a safetensors file was expected", path.string(), kind);
  bool pickle =
      extension == ".bin" || extension == ".ckpt" || extension == ".pt" || extension == ".pth" || extension == ".pkl";
  if (head.size() >= 4) {
    const auto* b = reinterpret_cast<const unsigned char*>(head.data());
    const bool zip = b[0] == 'P' && b[1] == 'K' && b[2] == 3 && b[3] == 4;
    // Protocol opcode, versions 2 to 5; the byte after it tells an opcode from a header length of 640 to 1408 bytes,
    // whose upper bytes are zero.
    const bool protocol = b[0] == 0x80 && b[1] >= 2 && b[1] <= 5 && b[2] != 0;
    pickle |= zip || protocol;
  }
  if (pickle)
    Fail(
        "{}: this is a pickle (PyTorch checkpoint), which can run code when it is read; convert it to safetensors "
        "first, with one of the scripts in scripts/convert/",
        path.string());
}

SafetensorsFile::SafetensorsFile(const std::filesystem::path& path) : file_(path) {
  RefusePickle(path, file_.bytes().first(std::min(file_.bytes().size(), kContentHead)));
  SafetensorsContent content = ParseSafetensors(file_.bytes(), path.string());
  entries_ = std::move(content.entries);
  metadata_ = std::move(content.metadata);
  for (size_t i = 0; i < entries_.size(); ++i) index_.emplace(entries_[i].name, i);
}

std::shared_ptr<const SafetensorsFile> SafetensorsFile::Open(const std::filesystem::path& path) {
  return std::shared_ptr<const SafetensorsFile>(new SafetensorsFile(path));
}

const SafetensorsEntry* SafetensorsFile::Find(std::string_view name) const {
  auto found = index_.find(name);
  return found == index_.end() ? nullptr : &entries_[found->second];
}

void WriteSafetensors(const std::filesystem::path& path, std::vector<SafetensorsEntry> entries,
                      const std::map<std::string, std::string>& metadata) {
  std::sort(entries.begin(), entries.end(), [](const SafetensorsEntry& a, const SafetensorsEntry& b) {
    return DtypeBits(a.dtype) != DtypeBits(b.dtype) ? DtypeBits(a.dtype) > DtypeBits(b.dtype) : a.name < b.name;
  });
  std::map<std::string, std::string> names;
  uint64_t offset = 0;
  std::string header = SafetensorsHeaderStart(metadata);
  for (const SafetensorsEntry& entry : entries) {
    const std::string where = fmt::format("{}: tensor \"{}\"", path.string(), entry.name);
    if (entry.name == "__metadata__" || !names.emplace(entry.name, "").second) Fail("{}: the name is taken", where);
    const uint64_t size = BytesOf(entry.dtype, entry.shape, where);
    if (size != entry.bytes.size())
      Fail("{}: {} {} takes {} bytes, but {} were given", where, DtypeName(entry.dtype), ShapeText(entry.shape), size,
           entry.bytes.size());
    AppendHeaderTensor(header, {entry.name, DtypeName(entry.dtype), entry.shape, offset, offset + size});
    offset += size;
  }
  header += '}';
  header.resize((header.size() + 7) / 8 * 8, ' ');  // so that the data start aligned
  if (header.size() > kMaxHeader)
    Fail("{}: the header would be {} bytes long; at most {} are allowed", path.string(), header.size(), kMaxHeader);
  AtomicFile file(path);
  const uint64_t length = header.size();
  file.Write(&length, 8);
  file.Write(header);
  for (const SafetensorsEntry& entry : entries) file.Write(entry.bytes.data(), entry.bytes.size());
  file.Commit();
}

}  // namespace skipbench
