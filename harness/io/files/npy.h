// numpy's .npy format: one array, as it stands in a file or in an .npz archive (numpy.lib.format, versions 1.0 to 3.0).
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace skipbench {

// Bytes that come one after the other: of a file, of a member of an archive.
class ByteStream {
 public:
  virtual ~ByteStream() = default;
  // Fills `out` unless the bytes end before; how many came. Throws Error naming the file for bytes that cannot be read.
  virtual size_t Read(std::span<std::byte> out) = 0;
};

struct NpyArray {
  std::vector<int64_t> shape = {};      // [] is a scalar
  std::vector<double> values = {};      // row-major, whatever the file's order; empty for text
  std::vector<std::string> texts = {};  // of characters ("<U12", "|S12"): row-major, UTF-8, a scalar has one
  bool is_text() const { return !texts.empty(); }
  // Of a scalar of characters; empty for everything else.
  std::string text() const { return shape.empty() && is_text() ? texts[0] : ""; }
};

// Reads an array front to back: its header first, its values when they are asked for, all at once or some at a time.
// Memory is taken for what is handed out only, and for that after the array's size was checked against the file's.
class NpyReader {
 public:
  // Reads the header. `size`: of the whole array with its header, in bytes. Throws Error that begins with `origin`: no
  // array, a header that cannot be read, a shape that does not fill the bytes that are there. Types that have no number
  // (objects, records, complex numbers, the opaque bytes that bfloat16 becomes) are refused when values are asked for.
  NpyReader(std::unique_ptr<ByteStream> bytes, uint64_t size, std::string origin);

  const std::vector<int64_t>& shape() const { return shape_; }
  int64_t count() const { return count_; }               // of values
  const std::string& type() const { return descr_; }     // as numpy names it: "<f4", "|u1"
  bool fortran_order() const { return fortran_order_; }  // the first index is the fastest
  bool is_text() const;
  const std::string& origin() const { return origin_; }

  // All values, row-major; T: double or float. float16/32/64, integers of all sizes and booleans, of either byte order.
  template <class T>
  std::vector<T> Values();
  std::vector<std::string> Texts();
  NpyArray All();
  // The next out.size() values of an array of type "|u1", in the file's order; Error when so many are not left.
  void Bytes(std::span<uint8_t> out);

 private:
  void ReadHeader(uint64_t size);
  void Fill(std::span<std::byte> out);
  void End();

  std::unique_ptr<ByteStream> bytes_;
  std::string origin_, descr_;
  bool fortran_order_ = false;
  std::vector<int64_t> shape_;
  int64_t count_ = 0, taken_ = 0;
};

// Of a file that is one array. Throws Error naming it.
std::unique_ptr<NpyReader> OpenNpy(const std::filesystem::path& path);

// The header of a .npy file, version 1.0, of values of type `descr` in C order; the data follows at a multiple of 64
// bytes.
std::string NpyHeader(const std::string& descr, const std::vector<int64_t>& shape);
// Texts (UTF-8) as numpy keeps them: "<U" of the longest one's characters. Throws Error that begins with `origin` for
// bytes that are no UTF-8.
std::string FormatNpyTexts(const std::vector<int64_t>& shape, std::span<const std::string> texts,
                           const std::string& origin);

}  // namespace skipbench
