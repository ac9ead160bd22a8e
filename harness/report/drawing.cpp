#include "harness/report/drawing.h"

#include <algorithm>

#include "harness/base/error.h"
#include "harness/report/font.h"

namespace skipbench {
namespace {

// Bytes of the UTF-8 sequence that begins with `lead`; 1 for what cannot begin one.
size_t SequenceLength(unsigned char lead) {
  if (lead >= 0xf0 && lead < 0xf5) return 4;
  if (lead >= 0xe0) return lead < 0xf0 ? 3 : 1;
  return lead >= 0xc2 ? 2 : 1;
}

// The characters of a text, each as the bytes it has there.
std::vector<std::string_view> Pieces(std::string_view text) {
  std::vector<std::string_view> pieces;
  for (size_t i = 0; i < text.size();) {
    size_t length = std::min(SequenceLength(static_cast<unsigned char>(text[i])), text.size() - i);
    for (size_t k = 1; k < length; ++k)
      if ((static_cast<unsigned char>(text[i + k]) & 0xc0) != 0x80) length = 1;
    pieces.push_back(text.substr(i, length));
    i += length;
  }
  return pieces;
}

bool BreaksAfter(std::string_view piece) {
  return piece == " " || piece == "_" || piece == "(" || piece == "," || piece == "/";
}

}  // namespace

std::u32string Characters(std::string_view text) {
  std::u32string characters;
  for (const auto piece : Pieces(text))
    characters.push_back(piece.size() == 1 && static_cast<unsigned char>(piece[0]) < 0x80 ? static_cast<char32_t>(piece[0])
                                                                                         : U'\ufffd');
  return characters;
}

Image Canvas(int width, int height, Color color) {
  if (width <= 0 || height <= 0 || width > kMaxImageSide || height > kMaxImageSide ||
      int64_t{width} * height > kMaxImagePixels)
    Fail("a picture of {} x {} pixels cannot be drawn", width, height);
  Image canvas{width, height, 3, std::vector<uint8_t>(static_cast<size_t>(width) * static_cast<size_t>(height) * 3)};
  FillRectangle(canvas, 0, 0, width, height, color);
  return canvas;
}

void FillRectangle(Image& canvas, int x, int y, int width, int height, Color color) {
  const int right = std::min(x + width, canvas.width), bottom = std::min(y + height, canvas.height);
  for (int row = std::max(y, 0); row < bottom; ++row)
    for (int column = std::max(x, 0); column < right; ++column)
      std::copy(color.begin(), color.end(),
                canvas.pixels.begin() + (static_cast<int64_t>(row) * canvas.width + column) * 3);
}

void DrawImage(Image& canvas, int x, int y, const Image& picture, int scale) {
  for (int row = 0; row < picture.height; ++row)
    for (int column = 0; column < picture.width; ++column) {
      const uint8_t* from =
          picture.pixels.data() + (static_cast<int64_t>(row) * picture.width + column) * picture.channels;
      const Color color = picture.channels == 1 ? Color{from[0], from[0], from[0]} : Color{from[0], from[1], from[2]};
      FillRectangle(canvas, x + column * scale, y + row * scale, scale, scale, color);
    }
}

void DrawText(Image& canvas, int x, int y, std::string_view text, int scale, Color color) {
  for (const char32_t character : Characters(text)) {
    const Glyph& glyph = GlyphOf(character);
    for (int row = 0; row < kGlyphHeight; ++row)
      for (int column = 0; column < kGlyphWidth; ++column)
        if (glyph[static_cast<size_t>(row)] >> (kGlyphWidth - 1 - column) & 1)
          FillRectangle(canvas, x + column * scale, y + row * scale, scale, scale, color);
    x += kLetterPitch * scale;
  }
}

int TextWidth(std::string_view text, int scale) {
  return static_cast<int>(Pieces(text).size()) * kLetterPitch * scale;
}

std::vector<std::string> WrapText(std::string_view text, int columns, int max_lines) {
  const size_t width = static_cast<size_t>(std::max(columns, 3));
  const std::vector<std::string_view> pieces = Pieces(text);
  std::vector<std::string> lines;
  for (size_t begin = 0; begin < pieces.size();) {
    size_t end = std::min(begin + width, pieces.size());
    // A blank may hang over the edge: it is not drawn.
    if (end < pieces.size() && pieces[end] != " ") {
      size_t last = end;
      while (last > begin && !BreaksAfter(pieces[last - 1])) --last;
      if (last > begin) end = last;
    }
    std::string line;
    for (size_t i = begin; i < end; ++i) line += pieces[i];
    while (line.ends_with(' ')) line.pop_back();
    lines.push_back(std::move(line));
    begin = end;
    while (begin < pieces.size() && pieces[begin] == " ") ++begin;
  }
  if (lines.size() > static_cast<size_t>(std::max(max_lines, 1))) {
    lines.resize(static_cast<size_t>(std::max(max_lines, 1)));
    std::vector<std::string_view> last = Pieces(lines.back());
    std::string cut;
    for (size_t i = 0; i < std::min(last.size(), width - 3); ++i) cut += last[i];
    lines.back() = cut + "...";
  }
  return lines;
}

}  // namespace skipbench
