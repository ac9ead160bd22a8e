#include "harness/io/files/content_kind.h"

#include <array>
#include <fstream>

#include "harness/base/text.h"

namespace skipbench {
namespace {

using namespace std::string_view_literals;

struct Magic {
  std::string_view bytes;
  size_t place;
  const char* name;
  bool picture = false;
};

constexpr Magic kMagics[] = {
    {"\x89PNG\r\n\x1A\n"sv, 0, "a PNG picture", true},
    {"\xFF\xD8\xFF"sv, 0, "a JPEG picture", true},
    {"GIF8"sv, 0, "a GIF picture", true},
    {"WEBPVP8"sv, 8, "a WebP picture", true},
    {"II*\0"sv, 0, "a TIFF picture", true},
    {"MM\0*"sv, 0, "a TIFF picture", true},
    {"ftypavif"sv, 4, "an AVIF picture", true},
    {"ftypheic"sv, 4, "a HEIC picture", true},
    {"\0\0\0\x0CjP  "sv, 0, "a JPEG 2000 picture", true},
    {"\0\0\0\x0CJXL "sv, 0, "a JPEG XL picture", true},
    {"AVI LIST"sv, 8, "an AVI video"},
    {"ftyp"sv, 4, "an MP4 video"},
    {"\x1A\x45\xDF\xA3"sv, 0, "a Matroska or WebM video"},
    {"FLV\x01"sv, 0, "a Flash video"},
    {"\x1F\x8B"sv, 0, "a gzip file"},
    {"BZh"sv, 0, "a bzip2 file"},
    {"\xFD"
     "7zXZ\0"sv,
     0, "an xz file"},
    {"\x28\xB5\x2F\xFD"sv, 0, "a Zstandard file"},
    {"7z\xBC\xAF\x27\x1C"sv, 0, "a 7-Zip archive"},
    {"Rar!\x1A\x07"sv, 0, "a RAR archive"},
    {"ustar"sv, 257, "a tar archive"},
    {"PAR1"sv, 0, "a Parquet file"},
    {"ARROW1"sv, 0, "an Arrow file"},
    {"skipbench results\n"sv, 0, "a result of skipbench (HDF5)"},
    {"\x89HDF\r\n\x1A\n"sv, 0, "an HDF5 file"},
    {"\x93NUMPY"sv, 0, "a NumPy array (.npy)"},
    {"GGUF"sv, 0, "a GGUF file"},
    {"SQLite format 3"sv, 0, "an SQLite database"},
    {"%PDF-"sv, 0, "a PDF file"},
    {"\xDE\xC0\xEF\xBE"sv, 16, "an LMDB database"},
};

bool HoldsAt(std::string_view head, std::string_view bytes, size_t place) {
  return head.size() >= place + bytes.size() && head.substr(place, bytes.size()) == bytes;
}

// Programs name what their ZIP archives hold; `head` has the name of the first entry (its length at 26, itself at 30).
const char* ZipName(std::string_view head) {
  const auto byte = [&](size_t i) { return static_cast<size_t>(static_cast<unsigned char>(head[i])); };
  const std::string_view entry = head.size() < 30 ? ""sv : head.substr(30, byte(26) + 256 * byte(27));
  if (entry.ends_with(".npy")) return kNumpyArchive;
  if (entry.ends_with("/data.pkl") || entry.ends_with("/.format_version")) return kPytorchCheckpoint;
  if (entry == "[Content_Types].xml" || entry.starts_with("xl/")) return "an Excel file (.xlsx)";
  return "a ZIP archive";
}

bool IsHtml(std::string_view head) {
  const size_t begin = head.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) return false;
  const std::string start = AsciiLower(std::string(head.substr(begin, 14)));
  return start.starts_with("<!doctype html") || start.starts_with("<html");
}

// Protocol opcode and what follows it: a frame (from version 4 on), or an opcode that pushes a container, a number or a
// text.
bool IsPickle(std::string_view head) {
  return head.size() > 2 && head[0] == '\x80' && head[1] >= 2 && head[1] <= 5 &&
         "\x95]}(cXKM\x8A"sv.find(head[2]) != std::string_view::npos;
}

}  // namespace

ContentKind KindByContent(std::string_view head) {
  for (const Magic& one : kMagics)
    if (HoldsAt(head, one.bytes, one.place)) return {one.name, one.picture};
  if (head.starts_with("PK\x03\x04") || head.starts_with("PK\x05\x06")) return {ZipName(head)};
  if (IsLfsPointer(head)) return {"a Git LFS pointer, not the file itself"};
  if (IsPickle(head)) return {"a pickle"};
  if (IsHtml(head)) return {"an HTML page"};
  return {};
}

ContentKind KindOfFile(const std::filesystem::path& file) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(file, error)) return {};
  std::array<char, kContentHead> head;
  std::ifstream in(file, std::ios::binary);
  in.read(head.data(), head.size());
  return KindByContent(std::string_view(head.data(), static_cast<size_t>(in.gcount())));
}

}  // namespace skipbench
