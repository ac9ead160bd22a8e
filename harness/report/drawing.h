// Drawing on a picture: filled rectangles, other pictures, text.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "harness/io/image.h"

namespace skipbench {

using Color = std::array<uint8_t, 3>;

// An RGB picture of one colour.
Image Canvas(int width, int height, Color color);

// Whatever lies outside the canvas is cut off.
void FillRectangle(Image& canvas, int x, int y, int width, int height, Color color);
// Every pixel becomes scale x scale pixels. `picture` may be RGB or grey.
void DrawImage(Image& canvas, int x, int y, const Image& picture, int scale);
// One line of UTF-8 text; its upper left corner is (x, y).
void DrawText(Image& canvas, int x, int y, std::string_view text, int scale, Color color);

// Characters of UTF-8 text (code points; an invalid byte counts as one).
std::u32string Characters(std::string_view text);
int TextWidth(std::string_view text, int scale);

// Breaks text into lines of at most `columns` characters: at blanks and after '_', '(', ',', '/' where it can, inside words
// where it must. More than `max_lines` lines end in "...".
std::vector<std::string> WrapText(std::string_view text, int columns, int max_lines);

}  // namespace skipbench
