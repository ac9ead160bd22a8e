#include "harness/io/files/npy.h"

#include <algorithm>
#include <bit>
#include <cctype>
#include <cmath>
#include <cstring>
#include <fstream>
#include <limits>
#include <optional>
#include <string_view>
#include <tuple>
#include <utility>

#include "harness/base/error.h"
#include "harness/base/json.h"
#include "harness/base/text.h"

namespace skipbench {
namespace {

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr size_t kMaxHeader = size_t{1} << 16;
constexpr size_t kMaxRank = 32;
constexpr size_t kChunk = size_t{1} << 16;  // values handed over at once
static_assert(std::endian::native == std::endian::little, "arrays are written as they stand in memory");

using Header = std::tuple<std::string, bool, std::vector<int64_t>>;  // descr, fortran_order, shape

// A Python literal as JSON: quotation marks, brackets, True and False, a comma before a bracket that closes.
std::string PythonAsJson(std::string_view text) {
  std::string json;
  for (size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '\'' || c == '"') {
      const size_t end = std::min(text.find(c, at + 1), text.size());
      json += Json(text.substr(at + 1, end - at - 1)).dump(-1, ' ', false, Json::error_handler_t::replace);
      at = end;
    } else if (c == ',') {
      const size_t next = text.find_first_not_of(" \t\r\n", at + 1);
      if (next != std::string_view::npos && std::string_view(")]}").find(text[next]) == std::string_view::npos)
        json += c;
    } else if (c == 'T' || c == 'F') {
      json += static_cast<char>(std::tolower(c));
    } else {
      json += c == '(' ? '[' : c == ')' ? ']' : c;
    }
  }
  return json;
}

// The header is a Python dictionary: {'descr': '<f8', 'fortran_order': False, 'shape': (8, 8), }.
Header ParseHeader(const std::string& text, const std::string& origin) {
  const auto require = [&](bool right) {
    if (!right) Fail("{}: the header \"{}\" cannot be read", origin, Printable(text));
  };
  Json json;
  try {
    json = ParseJson(PythonAsJson(text), origin);
  } catch (const Error&) {
    require(false);
  }
  require(json.is_object());
  for (const auto& [key, value] : json.items())
    if (key != "descr" && key != "fortran_order" && key != "shape")
      Fail("{}: the header has an unexpected key \"{}\"", origin, Printable(key));
  if (json.size() != 3) Fail("{}: the header lacks descr, fortran_order or shape", origin);
  const Json &descr = json["descr"], &order = json["fortran_order"], &shape = json["shape"];
  require((descr.is_string() || descr.is_array()) && order.is_boolean() && shape.is_array() &&
          shape.size() <= kMaxRank);
  for (const Json& size : shape) require(size.is_number_unsigned() && size.get<uint64_t>() <= INT64_MAX);
  return {descr.is_string() ? descr.get<std::string>() : descr.dump(), order.get<bool>(),
          shape.get<std::vector<int64_t>>()};
}

struct ElementType {
  char kind = 'f';    // f, i, u, b; U, S
  size_t size = 8;    // bytes of an element
  bool swap = false;  // stored big-endian
};

[[noreturn]] void Refuse(const std::string& descr, const std::string& origin) {
  if (descr.starts_with("[")) FailUnsupported("{}: records are not supported", origin);
  if (descr.size() > 1 && descr[1] == 'V')
    FailUnsupported(
        "{}: opaque bytes (\"{}\"): numpy's name for types that are not its own, bfloat16 and float8 of ml_dtypes "
        "among them; which it was the file does not say: convert to float32 before saving",
        origin, Printable(descr));
  FailUnsupported("{}: values of type \"{}\" are not supported", origin, Printable(descr));
}

// Nothing for what has no size that could be told (objects, records).
std::optional<ElementType> FindElementType(const std::string& descr) {
  if (descr.size() < 3 || descr.size() > 12 || std::string_view("<>|=").find(descr[0]) == std::string_view::npos)
    return std::nullopt;
  ElementType type{descr[1], 0, descr[0] == '>'};
  for (char c : descr.substr(2)) {
    if (!std::isdigit(static_cast<unsigned char>(c))) return std::nullopt;
    type.size = type.size * 10 + static_cast<size_t>(c - '0');
  }
  const bool text = type.kind == 'U' || type.kind == 'S', power = type.size <= 8 && std::has_single_bit(type.size);
  const bool number = type.kind == 'f'   ? power && type.size > 1
                      : type.kind == 'b' ? type.size == 1
                                         : (type.kind == 'i' || type.kind == 'u') && power;
  if (!text && !number) return std::nullopt;
  if (type.kind == 'U') type.size *= 4;
  return type;
}

ElementType ParseDescr(const std::string& descr, const std::string& origin) {
  const auto type = FindElementType(descr);
  if (!type) Refuse(descr, origin);
  return *type;
}

uint64_t LoadBits(const std::byte* from, size_t size, bool swap) {
  uint64_t bits = 0;
  for (size_t i = 0; i < size; ++i) bits |= static_cast<uint64_t>(from[swap ? size - 1 - i : i]) << (8 * i);
  return bits;
}

double HalfToDouble(int bits) {
  const int exponent = bits >> 10 & 31, fraction = bits & 1023;
  double value = std::ldexp(exponent ? 1024 + fraction : fraction, std::max(exponent, 1) - 25);
  if (exponent == 31) value = fraction ? std::numeric_limits<double>::quiet_NaN() : HUGE_VAL;
  return bits & 0x8000 ? -value : value;
}

double ToDouble(uint64_t bits, const ElementType& type) {
  switch (type.kind) {
    case 'f':
      if (type.size == 8) return std::bit_cast<double>(bits);
      if (type.size == 4) return static_cast<double>(std::bit_cast<float>(static_cast<uint32_t>(bits)));
      return HalfToDouble(static_cast<int>(bits));
    case 'i': {
      const int unused = static_cast<int>(64 - 8 * type.size);
      return static_cast<double>(static_cast<int64_t>(bits << unused) >> unused);
    }
    default: return static_cast<double>(bits);
  }
}

// One text, in UTF-8; NULs at the end are padding.
std::string DecodeText(std::span<const std::byte> data, const ElementType& type, const std::string& origin) {
  std::string text;
  const size_t step = type.kind == 'U' ? 4 : 1;
  for (size_t i = 0; i + step <= data.size(); i += step) {
    const auto c = static_cast<uint32_t>(LoadBits(data.data() + i, step, type.swap));
    if (c > 0x10FFFF || (c >= 0xD800 && c < 0xE000)) Fail("{}: {:#x} is not a character", origin, c);
    text += step == 1 ? std::string(1, static_cast<char>(c)) : EncodeUtf8(std::u32string(1, c));
  }
  text.resize(text.find_last_not_of('\0') + 1);
  return text;
}

// Values in Fortran order (first index fastest) to row-major.
template <class T>
std::vector<T> ToRowMajor(const std::vector<T>& fortran, const std::vector<int64_t>& shape) {
  std::vector<T> values;
  values.reserve(fortran.size());
  for (size_t to = 0; to < fortran.size(); ++to) {
    size_t from = 0, rest = to, stride = fortran.size();
    for (size_t d = shape.size(); d-- > 0; rest /= static_cast<size_t>(shape[d])) {
      stride /= static_cast<size_t>(shape[d]);
      from += rest % static_cast<size_t>(shape[d]) * stride;
    }
    values.push_back(fortran[from]);
  }
  return values;
}

class FileStream : public ByteStream {
 public:
  explicit FileStream(const std::filesystem::path& path) : in_(path, std::ios::binary) {
    if (!in_) Fail("{}: cannot be opened", path.string());
  }
  size_t Read(std::span<std::byte> out) override {
    in_.read(reinterpret_cast<char*>(out.data()), static_cast<std::streamsize>(out.size()));
    return static_cast<size_t>(in_.gcount());
  }

 private:
  std::ifstream in_;
};

int64_t CountOf(const std::vector<int64_t>& shape, const std::string& origin) {
  int64_t count = 1;
  for (int64_t size : shape)
    if (size < 0 || __builtin_mul_overflow(count, size, &count)) Fail("{}: the shape is impossible", origin);
  return count;
}

}  // namespace

NpyReader::NpyReader(std::unique_ptr<ByteStream> bytes, uint64_t size, std::string origin)
    : bytes_(std::move(bytes)), origin_(std::move(origin)) {
  ReadHeader(size);
}

void NpyReader::ReadHeader(uint64_t size) {
  std::byte start[12];
  if (size < 10 || bytes_->Read(std::span(start, 10)) != 10 || std::memcmp(start, kMagic.data(), kMagic.size()) != 0)
    Fail("{}: not a .npy array", origin_);
  const int major = static_cast<int>(start[6]);
  if (major < 1 || major > 3) FailUnsupported("{}: version {} of the .npy format is not supported", origin_, major);
  const size_t length_size = major == 1 ? 2 : 4;
  if (length_size == 4 && bytes_->Read(std::span(start + 10, 2)) != 2)
    Fail("{}: the file ends within the header", origin_);
  const uint64_t length = LoadBits(start + 8, length_size, false), before = 8 + length_size;
  if (length > kMaxHeader || before > size || length > size - before)
    Fail("{}: a header of {} bytes does not fit", origin_, length);
  std::string text(length, '\0');
  if (bytes_->Read(std::as_writable_bytes(std::span(text))) != length)
    Fail("{}: the file ends within the header", origin_);
  std::tie(descr_, fortran_order_, shape_) = ParseHeader(text, origin_);
  count_ = CountOf(shape_, origin_);
  const auto type = FindElementType(descr_);
  if (!type) return;
  uint64_t expected = 0;
  const uint64_t data = size - before - length;
  if (__builtin_mul_overflow(static_cast<uint64_t>(count_), type->size, &expected) || expected != data)
    Fail("{}: {} values of {} bytes do not fill {} bytes", origin_, count_, type->size, data);
}

bool NpyReader::is_text() const {
  const auto type = FindElementType(descr_);
  return type && (type->kind == 'U' || type->kind == 'S');
}

void NpyReader::Fill(std::span<std::byte> out) {
  if (bytes_->Read(out) != out.size()) Fail("{}: the array is truncated", origin_);
}

// Whether the bytes are whole is known at their end only.
void NpyReader::End() {
  std::byte more[1];
  if (bytes_->Read(more) != 0) Fail("{}: there are bytes after the array", origin_);
}

template <class T>
std::vector<T> NpyReader::Values() {
  const ElementType type = ParseDescr(descr_, origin_);
  if (is_text()) FailUnsupported("{}: text (\"{}\") where numbers were expected", origin_, descr_);
  std::vector<T> values(static_cast<size_t>(count_));
  const bool as_it_is = type.kind == 'f' && type.size == sizeof(T) && !type.swap;
  std::vector<std::byte> chunk(as_it_is ? 0 : std::min(values.size(), kChunk) * type.size);
  for (size_t done = 0; done < values.size();) {
    const size_t some = std::min(values.size() - done, kChunk);
    if (as_it_is) {
      Fill(std::as_writable_bytes(std::span(values).subspan(done, some)));
    } else {
      Fill(std::span(chunk).first(some * type.size));
      for (size_t i = 0; i < some; ++i)
        values[done + i] = static_cast<T>(ToDouble(LoadBits(chunk.data() + i * type.size, type.size, type.swap), type));
    }
    done += some;
  }
  End();
  return fortran_order_ && shape_.size() > 1 ? ToRowMajor(values, shape_) : values;
}
template std::vector<double> NpyReader::Values<double>();
template std::vector<float> NpyReader::Values<float>();

std::vector<std::string> NpyReader::Texts() {
  const ElementType type = ParseDescr(descr_, origin_);
  if (!is_text()) Fail("{}: values of type \"{}\" where text was expected", origin_, descr_);
  std::vector<std::string> texts;
  std::vector<std::byte> one(type.size);
  // Texts of no characters take no bytes: nothing bounds how many there are.
  if (type.size == 0 && count_ > (int64_t{1} << 16)) Fail("{}: {} empty texts", origin_, count_);
  for (int64_t i = 0; i < count_; ++i) {
    Fill(one);
    texts.push_back(DecodeText(one, type, origin_));
  }
  End();
  return fortran_order_ && shape_.size() > 1 ? ToRowMajor(texts, shape_) : texts;
}

NpyArray NpyReader::All() {
  NpyArray array{.shape = shape_};
  if (is_text()) {
    array.texts = Texts();
  } else {
    array.values = Values<double>();
  }
  return array;
}

void NpyReader::Bytes(std::span<uint8_t> out) {
  if (descr_ != "|u1")
    Fail("{}: values of type \"{}\" where bytes (\"|u1\") were expected", origin_, Printable(descr_));
  const auto count = static_cast<int64_t>(out.size());
  if (count > count_ - taken_) Fail("{}: {} values were asked for, {} are left", origin_, count, count_ - taken_);
  Fill(std::as_writable_bytes(out));
  taken_ += count;
  if (taken_ == count_) End();
}

std::unique_ptr<NpyReader> OpenNpy(const std::filesystem::path& path) {
  std::error_code error;
  const auto size = std::filesystem::file_size(path, error);
  if (error) Fail("{}: cannot be read: {}", path.string(), error.message());
  return std::make_unique<NpyReader>(std::make_unique<FileStream>(path), size, path.string());
}

std::string NpyHeader(const std::string& descr, const std::vector<int64_t>& shape) {
  std::string sizes;
  for (int64_t size : shape) sizes += fmt::format("{}, ", size);
  if (shape.size() > 1) sizes.resize(sizes.size() - 2);
  std::string header = fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({}), }}", descr, sizes);
  // The data begins at a multiple of 64 bytes.
  header.append(63 - (10 + header.size()) % 64, ' ');
  header += '\n';
  return std::string(kMagic) + '\x01' + '\0' + static_cast<char>(header.size() & 255) +
         static_cast<char>(header.size() >> 8) + header;
}

std::string FormatNpyTexts(const std::vector<int64_t>& shape, std::span<const std::string> texts,
                           const std::string& origin) {
  std::vector<std::u32string> points;
  size_t longest = 1;
  for (const std::string& text : texts) {
    if (FindBadText(text) != std::string_view::npos) Fail("{}: \"{}\" is no UTF-8", origin, Printable(CleanText(text)));
    points.push_back(DecodeUtf8(text));
    longest = std::max(longest, points.back().size());
  }
  std::string out = NpyHeader(fmt::format("<U{}", longest), shape);
  for (auto& one : points) {
    one.resize(longest, 0);
    out.append(reinterpret_cast<const char*>(one.data()), one.size() * 4);
  }
  return out;
}

}  // namespace skipbench
