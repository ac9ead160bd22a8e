#include "harness/io/npy.h"

#include <bit>
#include <cctype>
#include <cmath>
#include <cstring>
#include <limits>
#include <optional>
#include <string_view>
#include <utility>

#include "harness/base/error.h"
#include "harness/io/printable.h"

namespace skipbench {
namespace {

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr size_t kMaxHeader = size_t{1} << 16;
constexpr size_t kMaxRank = 32;

struct Header {
  std::string descr;
  bool fortran_order = false;
  std::vector<int64_t> shape;
};

// The header is a Python dictionary: {'descr': '<f8', 'fortran_order': False, 'shape': (8, 8), }.
class HeaderParser {
 public:
  HeaderParser(std::string_view text, const std::string& origin) : text_(text), origin_(origin) {}

  Header Parse() {
    Header header;
    bool descr = false, order = false, shape = false;
    Expect('{');
    while (!Accept('}')) {
      const std::string key = String();
      Expect(':');
      if (key == "descr" && !std::exchange(descr, true)) {
        if (Peek() != '\'' && Peek() != '"') FailUnsupported("{}: records are not supported", origin_);
        header.descr = String();
      } else if (key == "fortran_order" && !std::exchange(order, true)) {
        header.fortran_order = Bool();
      } else if (key == "shape" && !std::exchange(shape, true)) {
        header.shape = Shape();
      } else {
        Fail("{}: the header has an unexpected key \"{}\"", origin_, Printable(key));
      }
      if (!Accept(',') && Peek() != '}') Wrong();
    }
    if (!descr || !order || !shape) Fail("{}: the header lacks descr, fortran_order or shape", origin_);
    if (Peek() != '\0') Wrong();
    return header;
  }

 private:
  [[noreturn]] void Wrong() const {
    Fail("{}: the header \"{}\" cannot be read", origin_, Printable(std::string(text_.substr(0, 200))));
  }
  char Peek() {
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_]))) ++at_;
    return at_ < text_.size() ? text_[at_] : '\0';
  }
  bool Accept(char c) {
    if (Peek() != c) return false;
    ++at_;
    return true;
  }
  void Expect(char c) {
    if (!Accept(c)) Wrong();
  }
  std::string String() {
    const char quote = Peek();
    if (quote != '\'' && quote != '"') Wrong();
    const size_t end = text_.find(quote, at_ + 1);
    if (end == std::string_view::npos) Wrong();
    const std::string value(text_.substr(at_ + 1, end - at_ - 1));
    at_ = end + 1;
    return value;
  }
  bool Bool() {
    Peek();
    for (const auto& [word, value] : {std::pair<std::string_view, bool>("True", true), {"False", false}}) {
      if (text_.substr(at_, word.size()) != word) continue;
      at_ += word.size();
      return value;
    }
    Wrong();
  }
  std::vector<int64_t> Shape() {
    std::vector<int64_t> shape;
    Expect('(');
    while (!Accept(')')) {
      if (!std::isdigit(static_cast<unsigned char>(Peek())) || shape.size() == kMaxRank) Wrong();
      int64_t size = 0;
      for (; at_ < text_.size() && std::isdigit(static_cast<unsigned char>(text_[at_])); ++at_)
        if (__builtin_mul_overflow(size, 10, &size) || __builtin_add_overflow(size, text_[at_] - '0', &size)) Wrong();
      shape.push_back(size);
      if (!Accept(',') && Peek() != ')') Wrong();
    }
    return shape;
  }

  std::string_view text_;
  const std::string& origin_;
  size_t at_ = 0;
};

struct ElementType {
  char kind = 'f';    // f, i, u, b; U, S
  size_t size = 8;    // bytes of an element
  bool swap = false;  // stored big-endian
};

ElementType ParseDescr(const std::string& descr, const std::string& origin) {
  const auto refuse = [&] { FailUnsupported("{}: values of type \"{}\" are not supported", origin, Printable(descr)); };
  if (descr.size() < 3 || descr.size() > 12 || std::string_view("<>|=").find(descr[0]) == std::string_view::npos)
    refuse();
  ElementType type{descr[1], 0, descr[0] == '>'};
  for (char c : descr.substr(2)) {
    if (!std::isdigit(static_cast<unsigned char>(c))) refuse();
    type.size = type.size * 10 + static_cast<size_t>(c - '0');
  }
  const bool power = type.size == 1 || type.size == 2 || type.size == 4 || type.size == 8;
  const bool known = (type.kind == 'f' && power && type.size > 1) ||
                     ((type.kind == 'i' || type.kind == 'u') && power) || (type.kind == 'b' && type.size == 1) ||
                     type.kind == 'U' || type.kind == 'S';
  if (!known) refuse();
  if (type.kind == 'U') type.size *= 4;
  return type;
}

uint64_t LoadBits(const std::byte* from, size_t size, bool swap) {
  uint64_t bits = 0;
  for (size_t i = 0; i < size; ++i) bits |= static_cast<uint64_t>(from[swap ? size - 1 - i : i]) << (8 * i);
  return bits;
}

double HalfToDouble(uint16_t h) {
  const int exponent = (h >> 10) & 31, fraction = h & 1023;
  double value = 0;
  if (exponent == 31) {
    value = fraction ? std::numeric_limits<double>::quiet_NaN() : HUGE_VAL;
  } else {
    value = exponent ? std::ldexp(1024 + fraction, exponent - 25) : std::ldexp(fraction, -24);
  }
  return h & 0x8000 ? -value : value;
}

double ToDouble(uint64_t bits, const ElementType& type) {
  switch (type.kind) {
    case 'f':
      if (type.size == 8) return std::bit_cast<double>(bits);
      if (type.size == 4) return static_cast<double>(std::bit_cast<float>(static_cast<uint32_t>(bits)));
      return HalfToDouble(static_cast<uint16_t>(bits));
    case 'i': {
      const int unused = static_cast<int>(64 - 8 * type.size);
      return static_cast<double>(static_cast<int64_t>(bits << unused) >> unused);
    }
    default:
      return static_cast<double>(bits);
  }
}

// A scalar of characters, in UTF-8; NULs at the end are padding.
std::string DecodeText(std::span<const std::byte> data, const ElementType& type, const std::string& origin) {
  std::string text;
  const size_t step = type.kind == 'U' ? 4 : 1;
  for (size_t i = 0; i + step <= data.size(); i += step) {
    const auto c = static_cast<uint32_t>(LoadBits(data.data() + i, step, type.swap));
    if (c > 0x10FFFF || (c >= 0xD800 && c < 0xE000)) Fail("{}: {:#x} is not a character", origin, c);
    if (c < 0x80 || step == 1) {
      text += static_cast<char>(c);
    } else if (c < 0x800) {
      text += {static_cast<char>(0xC0 | c >> 6), static_cast<char>(0x80 | (c & 63))};
    } else if (c < 0x10000) {
      text += {static_cast<char>(0xE0 | c >> 12), static_cast<char>(0x80 | (c >> 6 & 63)),
               static_cast<char>(0x80 | (c & 63))};
    } else {
      text += {static_cast<char>(0xF0 | c >> 18), static_cast<char>(0x80 | (c >> 12 & 63)),
               static_cast<char>(0x80 | (c >> 6 & 63)), static_cast<char>(0x80 | (c & 63))};
    }
  }
  text.resize(text.find_last_not_of('\0') + 1);
  return text;
}

// Values in Fortran order (first index fastest) to row-major.
std::vector<double> ToRowMajor(const std::vector<double>& fortran, const std::vector<int64_t>& shape) {
  std::vector<double> values(fortran.size());
  std::vector<int64_t> stride(shape.size(), 1);  // in `values`
  for (size_t d = shape.size(); d-- > 1;) stride[d - 1] = stride[d] * shape[d];
  std::vector<int64_t> index(shape.size(), 0);
  int64_t to = 0;
  for (double value : fortran) {
    values[to] = value;
    for (size_t d = 0; d < shape.size(); ++d) {
      to += stride[d];
      if (++index[d] < shape[d]) break;
      to -= stride[d] * shape[d];
      index[d] = 0;
    }
  }
  return values;
}

int64_t CountOf(const std::vector<int64_t>& shape, const std::string& origin) {
  int64_t count = 1;
  for (int64_t size : shape)
    if (size < 0 || __builtin_mul_overflow(count, size, &count)) Fail("{}: the shape is impossible", origin);
  return count;
}

}  // namespace

NpyArray ParseNpy(std::span<const std::byte> bytes, const std::string& origin) {
  if (bytes.size() < 10 || std::memcmp(bytes.data(), kMagic.data(), kMagic.size()) != 0)
    Fail("{}: not a .npy array", origin);
  const int major = static_cast<int>(bytes[6]);
  if (major < 1 || major > 3) FailUnsupported("{}: version {} of the .npy format is not supported", origin, major);
  const size_t length_size = major == 1 ? 2 : 4, start = 8 + length_size;
  if (bytes.size() < start) Fail("{}: the file ends within the header", origin);
  const uint64_t length = LoadBits(bytes.data() + 8, length_size, false);
  if (length > kMaxHeader || length > bytes.size() - start)
    Fail("{}: a header of {} bytes does not fit", origin, length);
  const Header header = HeaderParser({reinterpret_cast<const char*>(bytes.data()) + start, length}, origin).Parse();
  const ElementType type = ParseDescr(header.descr, origin);
  const std::span<const std::byte> data = bytes.subspan(start + length);

  NpyArray array;
  array.shape = header.shape;
  const int64_t count = CountOf(header.shape, origin);
  size_t expected = 0;
  if (__builtin_mul_overflow(static_cast<size_t>(count), type.size, &expected) || expected != data.size())
    Fail("{}: {} values of {} bytes do not fill {} bytes", origin, count, type.size, data.size());
  if (type.kind == 'U' || type.kind == 'S') {
    if (!header.shape.empty()) FailUnsupported("{}: arrays of text are not supported", origin);
    array.is_text = true;
    array.text = DecodeText(data, type, origin);
    return array;
  }
  array.values.resize(count);
  for (int64_t i = 0; i < count; ++i)
    array.values[i] = ToDouble(LoadBits(data.data() + i * type.size, type.size, type.swap), type);
  if (header.fortran_order && header.shape.size() > 1) array.values = ToRowMajor(array.values, header.shape);
  return array;
}

std::string FormatNpy(const NpyArray& array, const std::string& origin) {
  std::string descr = "<f8", data;
  if (array.is_text) {
    if (!array.shape.empty()) Fail("{}: text must be a scalar", origin);
    for (unsigned char c : array.text) {
      if (c >= 0x80 || c == 0) Fail("{}: only ASCII text can be written", origin);
      data += {static_cast<char>(c), '\0', '\0', '\0'};
    }
    if (data.empty()) data.assign(4, '\0');
    descr = fmt::format("<U{}", data.size() / 4);
  } else {
    if (CountOf(array.shape, origin) != static_cast<int64_t>(array.values.size()))
      Fail("{}: {} values do not fill the shape", origin, array.values.size());
    data.resize(array.values.size() * 8);
    for (size_t i = 0; i < array.values.size(); ++i) {
      const auto bits = std::bit_cast<uint64_t>(array.values[i]);
      for (size_t k = 0; k < 8; ++k) data[8 * i + k] = static_cast<char>(bits >> (8 * k));
    }
  }
  std::string shape;
  for (int64_t size : array.shape) shape += fmt::format("{}, ", size);
  if (array.shape.size() > 1) shape.resize(shape.size() - 2);
  std::string header = fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({}), }}", descr, shape);
  // The data begins at a multiple of 64 bytes.
  header.append(63 - (10 + header.size()) % 64, ' ');
  header += '\n';
  return std::string(kMagic) + '\x01' + '\0' + static_cast<char>(header.size() & 255) +
         static_cast<char>(header.size() >> 8) + header + data;
}

}  // namespace skipbench
