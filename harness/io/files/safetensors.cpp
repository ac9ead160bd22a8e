#include "harness/io/files/safetensors.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

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
  const char* name;
  int bits;
};
// In the order of Dtype.
constexpr DtypeInfo kDtypes[] = {{"BOOL", 8},    {"U8", 8},   {"I8", 8},      {"I16", 16},    {"I32", 32},
                                 {"I64", 64},    {"F16", 16}, {"BF16", 16},   {"F32", 32},    {"F64", 64},
                                 {"U16", 16},    {"U32", 32}, {"U64", 64},    {"F8_E4M3", 8}, {"F8_E5M2", 8},
                                 {"F8_E8M0", 8}, {"F4", 4},   {"F6_E2M3", 6}, {"F6_E3M2", 6}, {"C64", 64}};

const DtypeInfo& InfoOf(Dtype dtype) { return kDtypes[static_cast<size_t>(dtype)]; }

std::optional<Dtype> FindDtype(std::string_view name) {
  const auto found = std::ranges::find(kDtypes, name, &DtypeInfo::name);
  if (found == std::end(kDtypes)) return std::nullopt;
  return static_cast<Dtype>(found - std::begin(kDtypes));
}

std::string_view Text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
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
  const auto dtype = FindDtype(tensor.dtype);
  if (!dtype) Fail("{}: unknown dtype \"{}\"", where, Printable(tensor.dtype));
  const uint64_t size = BytesOf(*dtype, tensor.shape, where);
  if (tensor.begin > tensor.end) Fail("{}: data_offsets [{}, {}] run backwards", where, tensor.begin, tensor.end);
  if (tensor.end > data.size())
    Fail("{}: data_offsets [{}, {}] lie beyond the {} bytes of data in the file (is it truncated?)", where,
         tensor.begin, tensor.end, data.size());
  if (tensor.end - tensor.begin != size)
    Fail("{}: {} {} takes {} bytes, but data_offsets [{}, {}] span {}", where, tensor.dtype, ShapeText(tensor.shape),
         size, tensor.begin, tensor.end, tensor.end - tensor.begin);
  return {tensor.name, *dtype, tensor.shape, data.subspan(tensor.begin, size)};
}

}  // namespace

const char* DtypeName(Dtype dtype) { return InfoOf(dtype).name; }
int DtypeBits(Dtype dtype) { return InfoOf(dtype).bits; }

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
  SafetensorsHeader header = ParseSafetensorsHeader(Text(bytes.subspan(8, length)), origin);
  const std::span<const std::byte> data = bytes.subspan(8 + length);

  std::ranges::stable_sort(header.tensors, {}, [](const HeaderTensor& one) { return std::pair(one.begin, one.end); });
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
  const bool named =
      extension == ".bin" || extension == ".ckpt" || extension == ".pt" || extension == ".pth" || extension == ".pkl";
  // Protocol opcode, versions 2 to 5; the byte after it tells an opcode from a header length of 640 to 1408 bytes,
  // whose upper bytes are zero.
  const std::string_view text = Text(head);
  const bool protocol = head.size() >= 4 && text[0] == '\x80' && text[1] >= 2 && text[1] <= 5 && text[2] != 0;
  if (named || protocol || text.starts_with("PK\x03\x04"))
    Fail(
        "{}: this is a pickle (PyTorch checkpoint), which can run code when it is read; convert it to safetensors "
        "first, with one of the scripts in scripts/convert/",
        path.string());
}

SafetensorsFile::SafetensorsFile(const std::filesystem::path& path) : file_(path) {
  RefusePickle(path, file_.bytes().first(std::min(file_.bytes().size(), kContentHead)));
  content_ = ParseSafetensors(file_.bytes(), path.string());
  for (const SafetensorsEntry& entry : content_.entries) index_.emplace(entry.name, &entry);
}

std::shared_ptr<const SafetensorsFile> SafetensorsFile::Open(const std::filesystem::path& path) {
  return std::shared_ptr<const SafetensorsFile>(new SafetensorsFile(path));
}

const SafetensorsEntry* SafetensorsFile::Find(std::string_view name) const {
  const auto found = index_.find(name);
  return found == index_.end() ? nullptr : found->second;
}

void WriteSafetensors(const std::filesystem::path& path, std::vector<SafetensorsEntry> entries,
                      const std::map<std::string, std::string>& metadata) {
  std::ranges::sort(entries, {},
                    [](const SafetensorsEntry& one) { return std::pair(-DtypeBits(one.dtype), one.name); });
  std::set<std::string> names;
  uint64_t offset = 0;
  auto tensors = nlohmann::ordered_json::object();
  if (!metadata.empty()) tensors["__metadata__"] = metadata;
  for (const SafetensorsEntry& entry : entries) {
    const std::string where = fmt::format("{}: tensor \"{}\"", path.string(), entry.name);
    if (entry.name == "__metadata__" || !names.insert(entry.name).second) Fail("{}: the name is taken", where);
    const uint64_t size = BytesOf(entry.dtype, entry.shape, where);
    if (size != entry.bytes.size())
      Fail("{}: {} {} takes {} bytes, but {} were given", where, DtypeName(entry.dtype), ShapeText(entry.shape), size,
           entry.bytes.size());
    tensors[entry.name] = {
        {"dtype", DtypeName(entry.dtype)}, {"shape", entry.shape}, {"data_offsets", {offset, offset + size}}};
    offset += size;
  }
  std::string header = tensors.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
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
