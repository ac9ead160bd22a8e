#include "harness/io/pictures/tiff.h"

#include <tiffio.h>

#include <algorithm>
#include <array>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <memory>

#include "harness/io/files/byte_reader.h"

namespace skipbench {
namespace {

constexpr tmsize_t kMaxAllocation = tmsize_t{1} << 30;

// What libtiff reads from, and what it complains of.
struct Source {
  std::span<const std::byte> bytes;
  uint64_t at = 0;
  std::string error;
};

tmsize_t Read(thandle_t handle, void* to, tmsize_t size) {
  auto& source = *static_cast<Source*>(handle);
  const uint64_t left = source.at < source.bytes.size() ? source.bytes.size() - source.at : 0;
  const uint64_t some = std::min<uint64_t>(left, static_cast<uint64_t>(size));
  std::memcpy(to, source.bytes.data() + (some ? source.at : 0), some);
  source.at += some;
  return static_cast<tmsize_t>(some);
}
tmsize_t Write(thandle_t, void*, tmsize_t) { return 0; }
toff_t Seek(thandle_t handle, toff_t offset, int whence) {
  auto& source = *static_cast<Source*>(handle);
  if (whence == SEEK_CUR) offset += source.at;
  if (whence == SEEK_END) offset += source.bytes.size();
  return source.at = offset;
}
int Close(thandle_t) { return 0; }
toff_t Size(thandle_t handle) { return static_cast<Source*>(handle)->bytes.size(); }
int Map(thandle_t, void**, toff_t*) { return 0; }
void Unmap(thandle_t, void*, toff_t) {}

int OnError(TIFF*, void* user, const char*, const char* format, va_list arguments) {
  auto& error = static_cast<Source*>(user)->error;
  char text[256];
  std::vsnprintf(text, sizeof text, format, arguments);
  if (error.empty()) error = text;  // the first says it best
  return 1;
}
int OnWarning(TIFF*, void*, const char*, const char*, va_list) { return 1; }  // about tags that change no pixel

struct Release {
  void operator()(TIFF* tiff) const { TIFFClose(tiff); }
  void operator()(TIFFOpenOptions* options) const { TIFFOpenOptionsFree(options); }
};

class Decoder {
 public:
  Decoder(std::span<const std::byte> bytes, const std::string& origin) : source_{bytes, 0, {}}, origin_(origin) {
    const std::unique_ptr<TIFFOpenOptions, Release> options(TIFFOpenOptionsAlloc());
    TIFFOpenOptionsSetErrorHandlerExtR(options.get(), OnError, &source_);
    TIFFOpenOptionsSetWarningHandlerExtR(options.get(), OnWarning, nullptr);
    TIFFOpenOptionsSetMaxSingleMemAlloc(options.get(), kMaxAllocation);
    // "m": read as the functions say, not through a mapping.
    tiff_.reset(
        TIFFClientOpenExt(origin.c_str(), "rm", &source_, Read, Write, Seek, Close, Size, Map, Unmap, options.get()));
    if (!tiff_) Broken();
  }

  Image Decode() {
    ReadHeader();
    uint16_t orientation = 1;
    TIFFGetFieldDefaulted(tiff_.get(), TIFFTAG_ORIENTATION, &orientation);
    const int planes = separate_ ? Channels() : 1;
    for (int plane = 0; plane < planes; ++plane)
      for (uint32_t y = 0; y < height_; ++y) ConvertRow(Row(y, plane), y, plane);
    if (photometric_ == PHOTOMETRIC_SEPARATED) InksToRgb();
    return Turn(std::move(image_), orientation);
  }

 private:
  [[noreturn]] void Broken() const {
    Fail("{}: broken TIFF: {}", origin_, source_.error.empty() ? "it cannot be read" : source_.error);
  }

  int Channels() const { return photometric_ == PHOTOMETRIC_RGB ? 3 : photometric_ == PHOTOMETRIC_SEPARATED ? 4 : 1; }

  void ReadHeader() {
    TIFF* const tiff = tiff_.get();
    uint16_t format = SAMPLEFORMAT_UINT, planar = PLANARCONFIG_CONTIG, compression = COMPRESSION_NONE;
    if (!TIFFGetField(tiff, TIFFTAG_IMAGEWIDTH, &width_) || !TIFFGetField(tiff, TIFFTAG_IMAGELENGTH, &height_))
      Broken();
    CheckImageSize(width_, height_, origin_);
    TIFFGetFieldDefaulted(tiff, TIFFTAG_BITSPERSAMPLE, &bits_);
    TIFFGetFieldDefaulted(tiff, TIFFTAG_SAMPLESPERPIXEL, &samples_);
    TIFFGetFieldDefaulted(tiff, TIFFTAG_SAMPLEFORMAT, &format);
    TIFFGetFieldDefaulted(tiff, TIFFTAG_PLANARCONFIG, &planar);
    TIFFGetFieldDefaulted(tiff, TIFFTAG_COMPRESSION, &compression);
    if (!TIFFGetField(tiff, TIFFTAG_PHOTOMETRIC, &photometric_))
      photometric_ = samples_ >= 3 ? PHOTOMETRIC_RGB : PHOTOMETRIC_MINISBLACK;
    separate_ = planar == PLANARCONFIG_SEPARATE && samples_ > 1;
    if (photometric_ == PHOTOMETRIC_YCBCR && compression == COMPRESSION_JPEG) {
      TIFFSetField(tiff, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
      photometric_ = PHOTOMETRIC_RGB;
    }
    const bool grey = photometric_ == PHOTOMETRIC_MINISBLACK || photometric_ == PHOTOMETRIC_MINISWHITE,
               palette = photometric_ == PHOTOMETRIC_PALETTE;
    const bool known = grey || palette || photometric_ == PHOTOMETRIC_RGB || photometric_ == PHOTOMETRIC_SEPARATED;
    const bool small = bits_ == 1 || bits_ == 2 || bits_ == 4;
    const bool depth = bits_ == 8 || (small && (grey || palette) && samples_ == 1) ||
                       (bits_ == 16 && !palette && photometric_ != PHOTOMETRIC_MINISWHITE);
    if (!known || !depth || (format != SAMPLEFORMAT_UINT && format != SAMPLEFORMAT_VOID) || samples_ < Channels() ||
        samples_ > 8)
      FailUnsupported(
          "{}: TIFF with {} samples of {} bits, sample format {}, photometric interpretation {} is not supported",
          origin_, samples_, bits_, format, photometric_);
    if (palette && !TIFFGetField(tiff, TIFFTAG_COLORMAP, &palette_[0], &palette_[1], &palette_[2])) Broken();
    uint16_t extras = 0;
    uint16_t* kinds = nullptr;
    if (TIFFGetField(tiff, TIFFTAG_EXTRASAMPLES, &extras, &kinds) && extras > 0 && photometric_ == PHOTOMETRIC_RGB &&
        bits_ == 8 && !separate_)
      premultiplied_ = kinds[0] == EXTRASAMPLE_ASSOCALPHA;
    image_ = {static_cast<int>(width_), static_cast<int>(height_), 3, {}};
  }

  // Row y of a plane: of all samples unless they are separate.
  const uint8_t* Row(uint32_t y, int plane) {
    TIFF* const tiff = tiff_.get();
    const auto sample = static_cast<uint16_t>(plane);
    if (!TIFFIsTiled(tiff)) {
      const tmsize_t size = TIFFScanlineSize(tiff);
      if (size < RowBytes()) Broken();
      row_.resize(static_cast<size_t>(size));
      if (TIFFReadScanline(tiff, row_.data(), y, sample) < 0) Broken();
      return row_.data();
    }
    uint32_t tile_width = 0, tile_height = 0;
    TIFFGetField(tiff, TIFFTAG_TILEWIDTH, &tile_width);
    TIFFGetField(tiff, TIFFTAG_TILELENGTH, &tile_height);
    const tmsize_t tile_row = TIFFTileRowSize(tiff), tile_size = TIFFTileSize(tiff);
    if (tile_width == 0 || tile_height == 0 || tile_row < 1 ||
        tile_size < tile_row * static_cast<tmsize_t>(tile_height) || tile_size > kMaxAllocation)
      Broken();
    const uint32_t across = (width_ + tile_width - 1) / tile_width;
    const auto stride = static_cast<size_t>(across) * static_cast<size_t>(tile_row);
    if (static_cast<tmsize_t>(stride) < RowBytes() || stride * tile_height > static_cast<size_t>(kMaxAllocation))
      Broken();
    if (y % tile_height == 0) {
      row_.resize(stride * tile_height);
      std::vector<uint8_t> tile(static_cast<size_t>(tile_size));
      for (uint32_t k = 0; k < across; ++k) {
        if (TIFFReadTile(tiff, tile.data(), k * tile_width, y, 0, sample) < 0) Broken();
        for (uint32_t r = 0; r < tile_height; ++r)
          std::memcpy(row_.data() + r * stride + k * static_cast<size_t>(tile_row),
                      tile.data() + r * static_cast<size_t>(tile_row), static_cast<size_t>(tile_row));
      }
    }
    return row_.data() + y % tile_height * stride;
  }
  tmsize_t RowBytes() const {
    const int64_t values = int64_t{width_} * (separate_ ? 1 : samples_);
    return static_cast<tmsize_t>((values * bits_ + 7) / 8);
  }

  // 0..255
  uint8_t Value(const uint8_t* row, int64_t place) const {
    if (bits_ == 8) return row[place];
    if (bits_ == 16) {
      uint16_t value;  // in this machine's order
      std::memcpy(&value, row + 2 * place, 2);
      return static_cast<uint8_t>(Channels() == 1 ? std::min<int>(value, 255) : value >> 8);
    }
    const int64_t bit = place * bits_;
    const int value = row[bit / 8] >> (8 - bits_ - static_cast<int>(bit % 8)) & ((1 << bits_) - 1);
    return static_cast<uint8_t>(photometric_ == PHOTOMETRIC_PALETTE ? value : value * 255 / ((1 << bits_) - 1));
  }

  // The memory grows with what has been read: a header may claim more than there is.
  uint8_t* PixelsOf(uint32_t y, int channels) {
    const size_t row = static_cast<size_t>(width_) * static_cast<size_t>(channels), end = (y + size_t{1}) * row;
    if (image_.pixels.size() < end) image_.pixels.resize(end);
    return image_.pixels.data() + y * row;
  }

  void ConvertRow(const uint8_t* row, uint32_t y, int plane) {
    const int channels = photometric_ == PHOTOMETRIC_SEPARATED ? 4 : 3, step = separate_ ? 1 : samples_;
    uint8_t* pixels = PixelsOf(y, channels);
    for (uint32_t x = 0; x < width_; ++x, pixels += channels) {
      const int64_t place = int64_t{x} * step;
      if (Channels() == 1) {
        const uint8_t value = Value(row, place);
        for (int c = 0; c < 3; ++c)
          pixels[c] = photometric_ == PHOTOMETRIC_PALETTE      ? static_cast<uint8_t>(palette_[c][value] >> 8)
                      : photometric_ == PHOTOMETRIC_MINISWHITE ? static_cast<uint8_t>(255 - value)
                                                               : value;
      } else if (separate_) {
        pixels[plane] = Value(row, place);
      } else {
        for (int c = 0; c < channels; ++c) pixels[c] = Value(row, place + c);
        if (premultiplied_) Divide(pixels, row[place + 3]);
      }
    }
  }
  static void Divide(uint8_t* rgb, int alpha) {
    for (int c = 0; c < 3; ++c) rgb[c] = static_cast<uint8_t>(alpha ? std::min(255, rgb[c] * 255 / alpha) : 0);
  }

  void InksToRgb() {
    const size_t count = static_cast<size_t>(width_) * height_;
    for (size_t i = 0; i < count; ++i) {
      const uint8_t* inks = image_.pixels.data() + 4 * i;
      CmykToRgb(inks[0], inks[1], inks[2], inks[3], image_.pixels.data() + 3 * i);
    }
    image_.pixels.resize(3 * count);
  }

  Source source_;
  const std::string& origin_;
  std::unique_ptr<TIFF, Release> tiff_;
  uint32_t width_ = 0, height_ = 0;
  uint16_t bits_ = 1, samples_ = 1, photometric_ = 0;
  bool separate_ = false, premultiplied_ = false;
  uint16_t* palette_[3] = {};
  std::vector<uint8_t> row_;  // of tiles: as many rows as a tile has
  Image image_;
};

}  // namespace

bool IsTiff(std::span<const std::byte> bytes) {
  using namespace std::string_view_literals;
  return std::ranges::any_of(std::array{"II*\0"sv, "MM\0*"sv, "II+\0"sv, "MM\0+"sv},
                             [&](std::string_view magic) { return bytes.size() >= 8 && HoldsAt(bytes, 0, magic); });
}

Image DecodeTiff(std::span<const std::byte> bytes, const std::string& origin) {
  return Decoder(bytes, origin).Decode();
}

}  // namespace skipbench
