#include "harness/io/pictures/png.h"

#include <png.h>

#include <csetjmp>
#include <cstring>
#include <vector>

#include "harness/base/error.h"
#include "harness/io/files/atomic_file.h"

namespace skipbench {
namespace {

// libpng reports errors by longjmp. It must not jump over C++ objects that want destroying, so they all live here, in
// the frame of the caller, and the functions that call setjmp() have plain locals only.
struct Reader {
  Reader() = default;
  Reader(const Reader&) = delete;
  ~Reader() { png_destroy_read_struct(&png, &info, nullptr); }

  png_structp png = nullptr;
  png_infop info = nullptr;
  std::span<const std::byte> bytes;
  size_t at = 0;
  std::string error;
  bool with_alpha = false;
  Image image;
  std::vector<png_bytep> rows;
};

struct Writer {
  Writer() = default;
  Writer(const Writer&) = delete;
  ~Writer() { png_destroy_write_struct(&png, &info); }

  png_structp png = nullptr;
  png_infop info = nullptr;
  std::string error;
  std::string out;
};

template <typename State>
[[noreturn]] void OnError(png_structp png, png_const_charp message) {
  static_cast<State*>(png_get_error_ptr(png))->error = message;
  png_longjmp(png, 1);
}
void OnWarning(png_structp, png_const_charp) {}  // about chunks that do not change the pixels

void ReadBytes(png_structp png, png_bytep to, size_t size) {
  auto& reader = *static_cast<Reader*>(png_get_io_ptr(png));
  if (size > reader.bytes.size() - reader.at) png_error(png, "the file ends in the middle (is it truncated?)");
  std::memcpy(to, reader.bytes.data() + reader.at, size);
  reader.at += size;
}

bool ReadHeader(Reader& reader) {
  if (setjmp(png_jmpbuf(reader.png))) return false;
  png_set_read_fn(reader.png, &reader, ReadBytes);
  png_set_user_limits(reader.png, kMaxImageSide, kMaxImageSide);
  png_set_chunk_malloc_max(reader.png, png_alloc_size_t{64} << 20);
  png_read_info(reader.png, reader.info);
  return true;
}

// PIL opens grey pictures of 16 bits as integers and cuts them off at 255; of all others it takes the upper byte.
bool IsGrey16(const Reader& reader) {
  return png_get_bit_depth(reader.png, reader.info) == 16 &&
         png_get_color_type(reader.png, reader.info) == PNG_COLOR_TYPE_GRAY;
}

// The transformations of PIL's convert("RGB"): to 8 bits, palette and grey to RGB, alpha dropped.
bool PrepareRows(Reader& reader) {
  if (setjmp(png_jmpbuf(reader.png))) return false;
  const int type = png_get_color_type(reader.png, reader.info);
  if (reader.with_alpha) {
    png_set_expand(reader.png);
    png_set_add_alpha(reader.png, 255, PNG_FILLER_AFTER);
  }
  if (png_get_bit_depth(reader.png, reader.info) == 16 && !IsGrey16(reader)) png_set_strip_16(reader.png);
  if (type == PNG_COLOR_TYPE_PALETTE) png_set_palette_to_rgb(reader.png);
  if (type == PNG_COLOR_TYPE_GRAY && png_get_bit_depth(reader.png, reader.info) < 8)
    png_set_expand_gray_1_2_4_to_8(reader.png);
  if (!(type & PNG_COLOR_MASK_COLOR)) png_set_gray_to_rgb(reader.png);
  if (!reader.with_alpha) png_set_strip_alpha(reader.png);
  png_set_interlace_handling(reader.png);
  png_read_update_info(reader.png, reader.info);
  return true;
}

bool ReadRows(Reader& reader) {
  if (setjmp(png_jmpbuf(reader.png))) return false;
  png_read_image(reader.png, reader.rows.data());
  png_read_end(reader.png, nullptr);
  return true;
}

// Big-endian values of 16 bits to bytes.
void CutOffAt255(std::vector<uint8_t>* pixels) {
  for (size_t i = 0; 2 * i < pixels->size(); ++i) (*pixels)[i] = (*pixels)[2 * i] ? 255 : (*pixels)[2 * i + 1];
  pixels->resize(pixels->size() / 2);
}

void WriteBytes(png_structp png, png_bytep from, size_t size) {
  auto& writer = *static_cast<Writer*>(png_get_io_ptr(png));
  bool stored = true;
  try {
    writer.out.append(reinterpret_cast<const char*>(from), size);
  } catch (const std::bad_alloc&) {
    stored = false;
  }
  if (!stored) png_error(png, "not enough memory");
}
void FlushBytes(png_structp) {}

bool WriteRows(Writer& writer, const Image& image, int level) {
  if (setjmp(png_jmpbuf(writer.png))) return false;
  png_set_write_fn(writer.png, &writer, WriteBytes, FlushBytes);
  png_set_compression_level(writer.png, level);
  png_set_IHDR(writer.png, writer.info, static_cast<png_uint_32>(image.width), static_cast<png_uint_32>(image.height),
               8, image.channels == 1 ? PNG_COLOR_TYPE_GRAY : PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE,
               PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  png_write_info(writer.png, writer.info);
  for (int y = 0; y < image.height; ++y) png_write_row(writer.png, image.Pixel(0, y));
  png_write_end(writer.png, nullptr);
  return true;
}

Image Decode(std::span<const std::byte> bytes, bool with_alpha, const std::string& origin) {
  Reader reader;
  reader.bytes = bytes;
  reader.with_alpha = with_alpha;
  if (bytes.size() < 8 || png_sig_cmp(reinterpret_cast<png_const_bytep>(bytes.data()), 0, 8) != 0)
    Fail("{}: not a PNG file", origin);
  reader.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &reader, OnError<Reader>, OnWarning);
  if (reader.png) reader.info = png_create_info_struct(reader.png);
  if (!reader.info) Fail("{}: libpng cannot be set up", origin);
  if (!ReadHeader(reader)) Fail("{}: broken PNG: {}", origin, reader.error);

  const int64_t width = png_get_image_width(reader.png, reader.info),
                height = png_get_image_height(reader.png, reader.info);
  // Deflate cannot shrink anything to less than a 1032nd, so a picture cannot be much larger than its file.
  const auto packed_row = static_cast<int64_t>(png_get_rowbytes(reader.png, reader.info));
  CheckImageSize(width, height, origin);
  if (packed_row * height / 1032 > static_cast<int64_t>(bytes.size()))
    Fail("{}: broken PNG: {} bytes cannot hold {} x {} pixels (is it truncated?)", origin, bytes.size(), width, height);
  const bool grey16 = IsGrey16(reader);
  if (!PrepareRows(reader)) Fail("{}: broken PNG: {}", origin, reader.error);
  if (grey16 && with_alpha) FailUnsupported("{}: grey of 16 bits in an animation", origin);
  const int channels = with_alpha ? 4 : 3;
  const auto stride = static_cast<size_t>(channels * width) * (grey16 ? 2 : 1);
  if (png_get_rowbytes(reader.png, reader.info) != stride) Fail("{}: broken PNG: not convertible to RGB", origin);

  reader.image = {static_cast<int>(width), static_cast<int>(height), channels, {}};
  reader.image.pixels.resize(stride * static_cast<size_t>(height));
  for (size_t y = 0; y < static_cast<size_t>(height); ++y)
    reader.rows.push_back(reader.image.pixels.data() + y * stride);
  if (!ReadRows(reader)) Fail("{}: broken PNG: {}", origin, reader.error);
  if (grey16) CutOffAt255(&reader.image.pixels);
  return std::move(reader.image);
}

}  // namespace

Image DecodePng(std::span<const std::byte> bytes, const std::string& origin) { return Decode(bytes, false, origin); }
Image DecodePngWithAlpha(std::span<const std::byte> bytes, const std::string& origin) {
  return Decode(bytes, true, origin);
}

std::string EncodePng(const Image& image, const std::string& origin, int level) {
  const bool possible = image.width > 0 && image.height > 0 && (image.channels == 1 || image.channels == 3) &&
                        image.pixels.size() == static_cast<size_t>(image.width) * static_cast<size_t>(image.height) *
                                                   static_cast<size_t>(image.channels);
  if (!possible)
    Fail("{}: a picture of {} x {} pixels with {} channels in {} bytes cannot be written as PNG", origin, image.width,
         image.height, image.channels, image.pixels.size());
  Writer writer;
  writer.png = png_create_write_struct(PNG_LIBPNG_VER_STRING, &writer, OnError<Writer>, OnWarning);
  if (writer.png) writer.info = png_create_info_struct(writer.png);
  if (!writer.info) Fail("{}: libpng cannot be set up", origin);
  if (!WriteRows(writer, image, level)) Fail("{}: cannot be written as PNG: {}", origin, writer.error);
  return std::move(writer.out);
}

void WritePng(const std::filesystem::path& path, const Image& image, int level) {
  WriteFileAtomically(path, EncodePng(image, path.string(), level));
}

}  // namespace skipbench
