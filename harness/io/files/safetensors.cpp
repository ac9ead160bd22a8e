#include "harness/io/files/safetensors.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <unordered_set>

#include "harness/base/error.h"
#include "harness/base/text.h"
#include "harness/io/files/content_kind.h"

namespace skipbench {

static_assert(std::endian::native == std::endian::little, "safetensors are little-endian");

namespace {

using Json = nlohmann::json;

constexpr uint64_t kMaxHeader = 100'000'000;  // as the official library
constexpr size_t kMaxRank = 32;

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
    empty |= size == 0;
    const bool overflow = __builtin_mul_overflow(bits, static_cast<uint64_t>(std::max<int64_t>(size, 1)), &bits);
    if (overflow || bits > static_cast<uint64_t>(std::numeric_limits<int64_t>::max()))
      Fail("{}: the shape {} is too large: its size overflows 64 bits", where, ShapeText(shape));
  }
  if (empty) return 0;
  if (bits % 8 != 0) Fail("{}: {} elements of {} do not fill whole bytes", where, ShapeText(shape), DtypeName(dtype));
  return bits / 8;
}

struct HeaderTensor {
  std::string name;
  std::string dtype;
  std::vector<int64_t> shape;  // not negative
  uint64_t begin = 0;          // data_offsets, unchecked
  uint64_t end = 0;
};

struct Header {
  std::vector<HeaderTensor> tensors;
  std::map<std::string, std::string> metadata;
};

// Reads the JSON header strictly and without building a JSON tree: a header of 100 MB from a stranger should cost 100
// MB, not gigabytes. A state machine over nlohmann's events: root object > entry object > shape / data_offsets list.
class HeaderHandler : public nlohmann::json_sax<Json> {
 public:
  HeaderHandler(Header& out, const std::string& origin) : out_(out), origin_(origin) {}

  bool start_object(size_t) override {
    if (level_ == Level::kStart) {
      level_ = Level::kRoot;
    } else if (level_ == Level::kRoot && key_ == "__metadata__") {
      level_ = Level::kMetadata;
    } else if (level_ == Level::kRoot) {
      level_ = Level::kTensor;
      tensor_ = {};
      tensor_.name = key_;
      seen_ = 0;
    } else {
      Unexpected("an object");
    }
    return true;
  }

  bool end_object() override {
    if (level_ == Level::kTensor) {
      if (seen_ != (kDtype | kShape | kOffsets)) {
        const char* missing = !(seen_ & kDtype) ? "dtype" : !(seen_ & kShape) ? "shape" : "data_offsets";
        Fail("{}: has no \"{}\"", Where(), missing);
      }
      out_.tensors.push_back(std::move(tensor_));
      level_ = Level::kRoot;
    } else if (level_ == Level::kMetadata) {
      level_ = Level::kRoot;
    } else {
      level_ = Level::kEnd;
    }
    return true;
  }

  bool key(std::string& text) override {
    if (level_ == Level::kRoot) {
      key_ = text;
      if (!names_.insert(text).second) Fail("{}: the header has \"{}\" twice", origin_, Printable(text));
    } else if (level_ == Level::kMetadata) {
      field_ = text;
      if (out_.metadata.contains(text)) Fail("{}: __metadata__ has \"{}\" twice", origin_, Printable(text));
    } else {
      field_ = text;
      const unsigned bit = text == "dtype" ? kDtype : text == "shape" ? kShape : text == "data_offsets" ? kOffsets : 0u;
      if (bit == 0) Fail("{}: unknown key \"{}\"", Where(), Printable(text));
      if (seen_ & bit) Fail("{}: \"{}\" is given twice", Where(), text);
      seen_ |= bit;
    }
    return true;
  }

  bool start_array(size_t) override {
    if (level_ != Level::kTensor || field_ == "dtype") Unexpected("a list");
    level_ = Level::kList;
    offsets_ = 0;
    return true;
  }

  bool end_array() override {
    level_ = Level::kTensor;
    if (field_ == "data_offsets" && offsets_ != 2)
      Fail("{}: data_offsets: expected 2 numbers, found {}", Where(), offsets_);
    return true;
  }

  bool string(std::string& text) override {
    if (level_ == Level::kMetadata) {
      out_.metadata.emplace(field_, text);
    } else if (level_ == Level::kTensor && field_ == "dtype") {
      tensor_.dtype = text;
    } else {
      Unexpected("a string");
    }
    return true;
  }

  bool number_unsigned(uint64_t value) override {
    if (level_ != Level::kList) Unexpected("a number");
    if (value > static_cast<uint64_t>(std::numeric_limits<int64_t>::max()))
      Fail("{}: {}: {} is too large", Where(), field_, value);
    if (field_ == "shape") {
      if (tensor_.shape.size() == kMaxRank) Fail("{}: more than {} dimensions", Where(), kMaxRank);
      tensor_.shape.push_back(static_cast<int64_t>(value));
    } else {
      if (offsets_ < 2) (offsets_ == 0 ? tensor_.begin : tensor_.end) = value;
      ++offsets_;
    }
    return true;
  }

  bool number_integer(int64_t value) override { Unexpected(fmt::format("the negative number {}", value)); }
  bool number_float(double, const std::string& text) override { Unexpected("the number " + Printable(text)); }
  bool null() override { Unexpected("null"); }
  bool boolean(bool value) override { Unexpected(value ? "true" : "false"); }
  bool binary(Json::binary_t&) override { Unexpected("binary data"); }

  bool parse_error(size_t position, const std::string&, const Json::exception& error) override {
    std::string what = error.what();
    if (auto end = what.find("] "); end != std::string::npos) what = what.substr(end + 2);
    Fail("{}: the header is not valid JSON (near its byte {}): {}", origin_, position, Printable(what));
  }

 private:
  enum class Level { kStart, kRoot, kMetadata, kTensor, kList, kEnd };
  static constexpr unsigned kDtype = 1, kShape = 2, kOffsets = 4;  // bits of seen_

  std::string Where() const {
    if (level_ == Level::kStart) return fmt::format("{}: header", origin_);
    return fmt::format("{}: {} \"{}\"", origin_, key_ == "__metadata__" ? "header entry" : "tensor", Printable(key_));
  }

  [[noreturn]] void Unexpected(const std::string& found) const {
    switch (level_) {
      case Level::kMetadata:
        Fail("{}: __metadata__ \"{}\": expected a string, found {}", origin_, Printable(field_), found);
      case Level::kTensor:
        Fail("{}: {}: expected {}, found {}", Where(), field_, field_ == "dtype" ? "a string" : "a list", found);
      case Level::kList: Fail("{}: {}: expected a non-negative integer, found {}", Where(), field_, found);
      default: Fail("{}: expected an object, found {}", Where(), found);
    }
  }

  Header& out_;
  const std::string& origin_;
  Level level_ = Level::kStart;
  std::string key_;    // of the root object
  std::string field_;  // inside an entry
  HeaderTensor tensor_;
  unsigned seen_ = 0;
  int offsets_ = 0;
  std::unordered_set<std::string> names_;
};

Header ParseHeader(std::string_view text, const std::string& origin) {
  if (text.empty() || text.front() != '{') Fail("{}: the header does not begin with '{{'", origin);
  // The lexer treats a NUL as the end of its input; to us it is a stray byte like any other.
  if (text.find('\0') != std::string_view::npos) Fail("{}: the header contains a zero byte", origin);
  Header header;
  HeaderHandler handler(header, origin);
  Json::sax_parse(text.begin(), text.end(), &handler);
  return header;
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
  Header header = ParseHeader(Text(bytes.subspan(8, length)), origin);
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

}  // namespace skipbench
