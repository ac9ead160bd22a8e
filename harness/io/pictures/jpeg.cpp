#include "harness/io/pictures/jpeg.h"

#include <csetjmp>
#include <cstdio>

// After <cstdio>, whose FILE it needs, and before jerror.h, which needs it.
#include <jpeglib.h>

#include <jerror.h>

#include "harness/base/error.h"

namespace skipbench {
namespace {

constexpr int kMaxScans = 500;  // of a progressive picture: each costs a pass over all of it, real ones have about ten

// As in png.cpp: libjpeg's errors are longjmps, so every C++ object lives in the caller's frame, in here.
struct Reader {
  Reader() = default;
  Reader(const Reader&) = delete;
  ~Reader() { jpeg_destroy_decompress(&jpeg); }

  jpeg_decompress_struct jpeg{};
  jpeg_error_mgr errors{};
  jpeg_progress_mgr progress{};
  std::jmp_buf jump{};
  char error[JMSG_LENGTH_MAX] = {};
  Image image;
  std::vector<uint8_t> inks;  // a row of C, M, Y, K
};

Reader& ReaderOf(j_common_ptr jpeg) { return *static_cast<Reader*>(jpeg->client_data); }

[[noreturn]] void OnError(j_common_ptr jpeg) {
  Reader& reader = ReaderOf(jpeg);
  jpeg->err->format_message(jpeg, reader.error);
  std::longjmp(reader.jump, 1);
}

// libjpeg carries on where it should not: what says that pixels are missing or damaged is an error here. The rest of
// its warnings ("Invalid SOS parameters for sequential JPEG", bytes between markers, ...) changes none.
void OnMessage(j_common_ptr jpeg, int level) {
  if (level >= 0) return;
  switch (jpeg->err->msg_code) {
    case JWRN_ARITH_BAD_CODE:
    case JWRN_HIT_MARKER:  // the data of a scan ended before its pixels did
    case JWRN_HUFF_BAD_CODE:
    case JWRN_JPEG_EOF:
    case JWRN_MUST_RESYNC: OnError(jpeg);
    default: return;
  }
}
void OnOutput(j_common_ptr) {}

void OnProgress(j_common_ptr jpeg) {
  Reader& reader = ReaderOf(jpeg);
  if (reader.jpeg.input_scan_number <= kMaxScans) return;
  std::snprintf(reader.error, sizeof reader.error, "more than %d scans", kMaxScans);
  std::longjmp(reader.jump, 1);
}

bool ReadHeader(Reader& reader, std::span<const std::byte> bytes) {
  reader.jpeg.err = jpeg_std_error(&reader.errors);
  reader.errors.error_exit = OnError;
  reader.errors.emit_message = OnMessage;
  reader.errors.output_message = OnOutput;
  reader.jpeg.client_data = &reader;
  if (setjmp(reader.jump)) return false;
  jpeg_create_decompress(&reader.jpeg);
  reader.jpeg.client_data = &reader;
  reader.progress.progress_monitor = OnProgress;
  reader.jpeg.progress = &reader.progress;
  jpeg_mem_src(&reader.jpeg, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
  jpeg_read_header(&reader.jpeg, TRUE);
  return true;
}

bool IsCmyk(const Reader& reader) {
  return reader.jpeg.jpeg_color_space == JCS_CMYK || reader.jpeg.jpeg_color_space == JCS_YCCK;
}

bool StartRows(Reader& reader) {
  if (setjmp(reader.jump)) return false;
  reader.jpeg.out_color_space = IsCmyk(reader) ? JCS_CMYK : JCS_RGB;
  jpeg_start_decompress(&reader.jpeg);
  return true;
}

// As PIL does, which takes every JPEG in CMYK to be inverted, as Adobe writes them.
void InvertedCmykToRgb(const uint8_t* inks, int width, uint8_t* rgb) {
  for (int x = 0; x < width; ++x)
    CmykToRgb(255 - inks[4 * x], 255 - inks[4 * x + 1], 255 - inks[4 * x + 2], 255 - inks[4 * x + 3], rgb + 3 * x);
}

bool ReadRows(Reader& reader) {
  if (setjmp(reader.jump)) return false;
  const bool cmyk = !reader.inks.empty();
  while (reader.jpeg.output_scanline < reader.jpeg.output_height) {
    uint8_t* const pixels = reader.image.Pixel(0, reader.jpeg.output_scanline);
    JSAMPROW row = cmyk ? reader.inks.data() : pixels;
    jpeg_read_scanlines(&reader.jpeg, &row, 1);
    if (cmyk) InvertedCmykToRgb(reader.inks.data(), reader.image.width, pixels);
  }
  jpeg_finish_decompress(&reader.jpeg);
  return true;
}

}  // namespace

Image DecodeJpeg(std::span<const std::byte> bytes, const std::string& origin) {
  Reader reader;
  if (bytes.empty()) Fail("{}: broken JPEG: the file is empty", origin);
  if (!ReadHeader(reader, bytes)) Fail("{}: broken JPEG: {}", origin, reader.error);
  const int64_t width = reader.jpeg.image_width, height = reader.jpeg.image_height;
  const J_COLOR_SPACE space = reader.jpeg.jpeg_color_space;
  if (space != JCS_GRAYSCALE && space != JCS_YCbCr && space != JCS_RGB && !IsCmyk(reader))
    FailUnsupported("{}: JPEG with {} channels of an unknown colour space", origin, reader.jpeg.num_components);
  CheckImageSize(width, height, origin);
  if (!StartRows(reader)) Fail("{}: broken JPEG: {}", origin, reader.error);
  if (reader.jpeg.output_components != (IsCmyk(reader) ? 4 : 3) || reader.jpeg.output_width != width ||
      reader.jpeg.output_height != height)
    Fail("{}: broken JPEG: not convertible to RGB", origin);
  reader.image.Resize(width, height);
  if (IsCmyk(reader)) reader.inks.resize(static_cast<size_t>(width) * 4);
  if (!ReadRows(reader)) Fail("{}: broken JPEG: {}", origin, reader.error);
  return std::move(reader.image);
}

}  // namespace skipbench
