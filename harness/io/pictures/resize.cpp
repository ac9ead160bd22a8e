#include "harness/io/pictures/resize.h"

#include <algorithm>
#include <cmath>

#include "harness/base/error.h"

namespace skipbench {

namespace {

constexpr int kPrecisionBits = 22;

double Weight(ResizeFilter filter, double x) {
  if (filter == ResizeFilter::kBox) return x > -0.5 && x <= 0.5 ? 1 : 0;
  return std::max(1 - std::abs(x), 0.0);
}

// Which inputs make an output, and with which weights.
struct Taps {
  int first = 0;
  std::vector<int32_t> weights;  // in units of 2^-22
};

std::vector<Taps> MakeTaps(int in, int out, ResizeFilter filter) {
  const double scale = static_cast<double>(in) / out, stretch = std::max(scale, 1.0);
  const double support = stretch * (filter == ResizeFilter::kBox ? 0.5 : 1.0);
  std::vector<Taps> all(out);
  for (int i = 0; i < out; ++i) {
    const double centre = (i + 0.5) * scale;
    const int first = std::max(static_cast<int>(centre - support + 0.5), 0),
              last = std::min(static_cast<int>(centre + support + 0.5), in);
    std::vector<double> weights;
    double sum = 0;
    for (int k = first; k < last; ++k) {
      weights.push_back(Weight(filter, (k - centre + 0.5) * (1 / stretch)));
      sum += weights.back();
    }
    all[i].first = first;
    for (double w : weights) {
      const double normalised = sum == 0 ? w : w / sum;
      all[i].weights.push_back(
          static_cast<int32_t>(normalised * (1 << kPrecisionBits) + (normalised < 0 ? -0.5 : 0.5)));
    }
  }
  return all;
}

uint8_t Clip(int64_t sum) { return static_cast<uint8_t>(std::clamp<int64_t>(sum >> kPrecisionBits, 0, 255)); }

// `lines` stretches of `in` steps of `inner` values each become stretches of as many steps as there are taps.
std::vector<uint8_t> ResizeAxis(const std::vector<uint8_t>& from, int64_t lines, int64_t in, int64_t inner,
                                const std::vector<Taps>& taps) {
  const int64_t out = static_cast<int64_t>(taps.size());
  std::vector<uint8_t> to(lines * out * inner);
  for (int64_t line = 0; line < lines; ++line)
    for (int64_t i = 0; i < out; ++i)
      for (int64_t c = 0; c < inner; ++c) {
        int64_t sum = int64_t{1} << (kPrecisionBits - 1);
        for (size_t k = 0; k < taps[i].weights.size(); ++k)
          sum += int64_t{taps[i].weights[k]} * from[(line * in + taps[i].first + static_cast<int64_t>(k)) * inner + c];
        to[(line * out + i) * inner + c] = Clip(sum);
      }
  return to;
}

// Python's a // b for positive doubles: the floor of the exact quotient.
int64_t FloorDivide(double a, double b) {
  const double remainder = std::fmod(a, b);
  return static_cast<int64_t>(std::llround((a - remainder) / b));
}

// floor(value / 2), also for odd negative values.
int Half(int64_t value) { return static_cast<int>(value >> 1); }

}  // namespace

Image Resize(const Image& image, int width, int height, ResizeFilter filter) {
  if (width < 1 || height < 1 || width > kMaxImageSide || height > kMaxImageSide ||
      int64_t{width} * height > kMaxImagePixels)
    Fail("a picture of {} x {} cannot be resized to {} x {}", image.width, image.height, width, height);
  Image out = image;
  if (width != image.width) {
    out.pixels = ResizeAxis(out.pixels, out.height, out.width, out.channels, MakeTaps(out.width, width, filter));
    out.width = width;
  }
  if (height != image.height) {
    out.pixels =
        ResizeAxis(out.pixels, 1, out.height, int64_t{out.width} * out.channels, MakeTaps(out.height, height, filter));
    out.height = height;
  }
  return out;
}

WideCrop CropWide(const Image& image, int width, int height) {
  if (width < 1 || height < 1 || image.width < 1 || image.height < 1)
    Fail("a picture of {} x {} cannot be cropped to {} x {}", image.width, image.height, width, height);
  const double scale = std::min(static_cast<double>(image.width) / width, static_cast<double>(image.height) / height);
  const auto scaled = [&](int side) {
    return static_cast<int>(std::clamp<int64_t>(FloorDivide(side, scale), 1, int64_t{kMaxImageSide} + 1));
  };
  WideCrop crop;
  crop.scaled = Resize(image, scaled(image.width), scaled(image.height), ResizeFilter::kBox);
  crop.left = Half(int64_t{crop.scaled.width} - width);
  crop.top = Half(int64_t{crop.scaled.height} - height);
  crop.cropped.Resize(width, height, image.channels);
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x) {
      const int from_y = y + crop.top, from_x = x + crop.left;
      if (from_y < 0 || from_x < 0 || from_y >= crop.scaled.height || from_x >= crop.scaled.width) continue;
      std::copy_n(crop.scaled.Pixel(from_x, from_y), image.channels, crop.cropped.Pixel(x, y));
    }
  return crop;
}

}  // namespace skipbench
