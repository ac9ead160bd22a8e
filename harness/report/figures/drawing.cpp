#include "harness/report/figures/drawing.h"

#include <algorithm>

#include "harness/base/error.h"

namespace skipbench {
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

}  // namespace skipbench
