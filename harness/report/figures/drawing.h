// Drawing on a picture: filled rectangles, other pictures, and text in any script: Pango shapes and breaks it, Cairo
// draws it, fontconfig finds the fonts.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <string_view>

#include "harness/io/pictures/image.h"

namespace skipbench {

using Color = std::array<uint8_t, 3>;

// An RGB picture of one colour.
Image Canvas(int width, int height, Color color);

// Whatever lies outside the canvas is cut off.
void FillRectangle(Image& canvas, int x, int y, int width, int height, Color color);
// Every pixel becomes scale x scale pixels. `picture` may be RGB or grey.
void DrawImage(Image& canvas, int x, int y, const Image& picture, int scale);

// What text is fitted into: lines of at most `width` pixels, broken between words and after '_', '(', ',' and '/' where
// they can be, inside of words where they must; at least one line, and no more than fit into `height` pixels (0: any),
// the last of them with an ellipsis.
struct TextBox {
  int width = 0;
  int height = 0;
};

class TextPainter {
 public:
  // `size`: of the letters' em, in pixels. Throws Error when the system has no font at all.
  explicit TextPainter(int size);
  ~TextPainter();

  // Pixels from the top of the text to its bottom; 0 without text.
  int Height(std::string_view text, const TextBox& box);
  // Draws UTF-8 text (line ends as blanks); the box' upper left corner is (x, y). What lies outside of the canvas is
  // cut off.
  void Draw(Image& canvas, int x, int y, std::string_view text, const TextBox& box, Color color);

  // The characters of all text so far that no installed font has; each was drawn as a box with its number in it.
  const std::set<char32_t>& missing() const { return missing_; }

 private:
  struct Pango;
  std::unique_ptr<Pango> pango_;
  std::set<char32_t> missing_;
};

// By script: "no font for Thai (as U+0E07; Debian's fonts-noto-core), Myanmar (...)"; empty where none is missing.
std::string DescribeMissing(const std::set<char32_t>& characters);

// What of the scripts that scripts/setup installs fonts for cannot be drawn here, as DescribeMissing(); empty: nothing.
std::string MissingScripts();

}  // namespace skipbench
