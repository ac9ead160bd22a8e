// Drawing on a picture: filled rectangles, other pictures. Text: text_painter.h.
#pragma once

#include <array>
#include <cstdint>

#include "harness/io/pictures/image.h"

namespace skipbench {

using Color = std::array<uint8_t, 3>;

// An RGB picture of one colour.
Image Canvas(int width, int height, Color color);

// Whatever lies outside the canvas is cut off.
void FillRectangle(Image& canvas, int x, int y, int width, int height, Color color);
// Every pixel becomes scale x scale pixels. `picture` may be RGB or grey.
void DrawImage(Image& canvas, int x, int y, const Image& picture, int scale);

}  // namespace skipbench
