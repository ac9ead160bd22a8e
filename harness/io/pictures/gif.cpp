#include "harness/io/pictures/gif.h"

#include <gif_lib.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <optional>

#include "harness/base/error.h"
#include "harness/io/pictures/animation.h"

namespace skipbench {
namespace {

// LZW's longest code, of 12 bits, stands for no more pixels than there are codes.
constexpr int64_t kMaxPixelsPerByte = 4096;

struct Source {
  std::span<const std::byte> bytes;
  size_t at = 0;
};

int Read(GifFileType* gif, GifByteType* to, int size) {
  auto& source = *static_cast<Source*>(gif->UserData);
  const size_t some = std::min(source.bytes.size() - source.at, static_cast<size_t>(size));
  std::memcpy(to, source.bytes.data() + source.at, some);
  source.at += some;
  return static_cast<int>(some);
}

struct Close {
  void operator()(GifFileType* gif) const { DGifCloseFile(gif, nullptr); }
};

using Colour = std::array<uint8_t, 3>;

class Decoder {
 public:
  Decoder(std::span<const std::byte> bytes, const std::string& origin) : source_{bytes, 0}, origin_(origin) {
    int error = 0;
    gif_.reset(DGifOpen(&source_, Read, &error));
    if (!gif_) Broken(error);
    CheckImageSize(gif_->SWidth, gif_->SHeight, origin_);
    if (int64_t{gif_->SWidth} * gif_->SHeight > kMaxPixelsPerByte * static_cast<int64_t>(bytes.size()))
      Fail("{}: broken GIF: {} bytes cannot hold {} x {} pixels", origin_, bytes.size(), gif_->SWidth, gif_->SHeight);
    canvas_ = {gif_->SWidth, gif_->SHeight, 3, {}};
  }

  // Draws the next frame on the canvas; false at the end.
  bool Next() {
    Dispose();
    GifRecordType type;
    GraphicsControlBlock control{DISPOSAL_UNSPECIFIED, false, 0, NO_TRANSPARENT_COLOR};
    while (true) {
      if (DGifGetRecordType(gif_.get(), &type) == GIF_ERROR) Broken(gif_->Error);
      if (type == TERMINATE_RECORD_TYPE) return false;
      if (type == EXTENSION_RECORD_TYPE) ReadExtension(&control);
      if (type != IMAGE_DESC_RECORD_TYPE) continue;
      Draw(control);
      return true;
    }
  }
  const Image& canvas() const { return canvas_; }

 private:
  [[noreturn]] void Broken(int error) const {
    const char* text = GifErrorString(error);
    Fail("{}: broken GIF: {} (is it truncated?)", origin_, text ? text : "it cannot be read");
  }

  void ReadExtension(GraphicsControlBlock* control) {
    int code = 0;
    GifByteType* block = nullptr;
    if (DGifGetExtension(gif_.get(), &code, &block) == GIF_ERROR) Broken(gif_->Error);
    while (block) {
      if (code == GRAPHICS_EXT_FUNC_CODE) DGifExtensionToGCB(block[0], block + 1, control);
      if (DGifGetExtensionNext(gif_.get(), &block) == GIF_ERROR) Broken(gif_->Error);
    }
  }

  Colour ColourOf(int index) const {
    const ColorMapObject* map = gif_->Image.ColorMap ? gif_->Image.ColorMap : gif_->SColorMap;
    if (!map) return {static_cast<uint8_t>(index), static_cast<uint8_t>(index), static_cast<uint8_t>(index)};
    if (index < 0 || index >= map->ColorCount) return {0, 0, 0};
    const GifColorType& colour = map->Colors[index];
    return {colour.Red, colour.Green, colour.Blue};
  }
  void Put(int x, int y, const Colour& colour) {
    if (x >= canvas_.width || y >= canvas_.height) return;
    std::copy_n(colour.data(), 3, canvas_.Pixel(x, y));
  }
  void Fill(int left, int top, int width, int height, const Colour& colour) {
    for (int y = top; y < std::min(top + height, canvas_.height); ++y)
      for (int x = left; x < std::min(left + width, canvas_.width); ++x) Put(x, y, colour);
  }

  void Draw(const GraphicsControlBlock& control) {
    if (DGifGetImageDesc(gif_.get()) == GIF_ERROR) Broken(gif_->Error);
    const GifImageDesc& frame = gif_->Image;
    CheckImageSize(frame.Width, frame.Height, origin_);
    const bool first = canvas_.pixels.empty();
    if (first) {
      canvas_.Resize(canvas_.width, canvas_.height);
      Fill(0, 0, canvas_.width, canvas_.height, ColourOf(std::max(0, control.TransparentColor)));
    }
    drawn_ = frame;
    disposal_ = control.DisposalMode;
    // PIL takes transparency first.
    background_ =
        ColourOf(control.TransparentColor != NO_TRANSPARENT_COLOR ? control.TransparentColor : gif_->SBackGroundColor);
    before_ = disposal_ == DISPOSE_PREVIOUS && !first ? std::optional(canvas_) : std::nullopt;
    std::vector<GifPixelType> row(static_cast<size_t>(frame.Width));
    constexpr std::array<int, 4> kStart = {0, 4, 2, 1}, kStep = {8, 8, 4, 2};
    for (size_t pass = 0; pass < (frame.Interlace ? 4 : 1); ++pass) {
      for (int y = frame.Interlace ? kStart[pass] : 0; y < frame.Height; y += frame.Interlace ? kStep[pass] : 1) {
        if (DGifGetLine(gif_.get(), row.data(), frame.Width) == GIF_ERROR) Broken(gif_->Error);
        for (int x = 0; x < frame.Width; ++x)
          if (first || row[static_cast<size_t>(x)] != control.TransparentColor)
            Put(frame.Left + x, frame.Top + y, ColourOf(row[static_cast<size_t>(x)]));
      }
    }
  }

  void Dispose() {
    if (canvas_.pixels.empty()) return;
    if (disposal_ == DISPOSE_PREVIOUS && before_) canvas_ = *before_;
    if (disposal_ == DISPOSE_BACKGROUND) Fill(drawn_.Left, drawn_.Top, drawn_.Width, drawn_.Height, background_);
  }

  Source source_;
  const std::string& origin_;
  std::unique_ptr<GifFileType, Close> gif_;
  Image canvas_;             // no pixels before the first frame
  GifImageDesc drawn_ = {};  // the frame that was drawn last
  int disposal_ = DISPOSAL_UNSPECIFIED;
  Colour background_ = {};
  std::optional<Image> before_;
};

}  // namespace

Image DecodeGif(std::span<const std::byte> bytes, const std::string& origin) {
  Decoder decoder(bytes, origin);
  if (!decoder.Next()) Fail("{}: broken GIF: no picture in it", origin);
  return decoder.canvas();
}

std::vector<Image> DecodeGifFrames(std::span<const std::byte> bytes, int64_t most, const std::string& origin) {
  Decoder decoder(bytes, origin);
  FrameList frames(most, origin);
  while (!frames.Full() && decoder.Next()) frames.Add(decoder.canvas());
  return frames.Take();
}

}  // namespace skipbench
