#include "metrics/backbones/resize.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace skipbench {
namespace {

// Weights of the input places that one output place is made of.
struct Taps {
  int64_t first = 0;
  std::vector<double> weights;
};

// Keys' cubic with a = -0.5, as in Pillow.
double Cubic(double x) {
  constexpr double a = -0.5;
  x = std::abs(x);
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  if (x < 2) return (((x - 5) * x + 8) * x - 4) * a;
  return 0;
}

// Pillow's precompute_coeffs: the filter widens with the reduction.
std::vector<Taps> BicubicTaps(int64_t in, int64_t out) {
  const double scale = static_cast<double>(in) / static_cast<double>(out), widen = std::max(scale, 1.0),
               support = 2 * widen;
  std::vector<Taps> taps(out);
  for (int64_t i = 0; i < out; ++i) {
    const double center = (static_cast<double>(i) + 0.5) * scale;
    const int64_t first = std::max<int64_t>(0, static_cast<int64_t>(center - support + 0.5));
    const int64_t end = std::min<int64_t>(in, static_cast<int64_t>(center + support + 0.5));
    taps[i].first = first;
    double sum = 0;
    for (int64_t k = first; k < end; ++k) {
      taps[i].weights.push_back(Cubic((static_cast<double>(k) - center + 0.5) / widen));
      sum += taps[i].weights.back();
    }
    for (double& weight : taps[i].weights) weight /= sum;
  }
  return taps;
}

// One channel, [height, width] -> [side, side]. Sums in double, float32 in between; an axis of unchanged size has one
// weight of 1 at every place, the others are 0.
void ResizeBicubic(const uint8_t* in, int64_t height, int64_t width, int64_t side, const std::vector<Taps>& columns,
                   const std::vector<Taps>& rows, float* out) {
  std::vector<float> wide(height * side);
  for (int64_t y = 0; y < height; ++y) {
    const uint8_t* from = in + y * width;
    float* to = wide.data() + y * side;
    for (int64_t x = 0; x < side; ++x) {
      const Taps& taps = columns[x];
      double sum = 0;
      for (size_t k = 0; k < taps.weights.size(); ++k)
        sum += static_cast<double>(from[taps.first + static_cast<int64_t>(k)]) * taps.weights[k];
      to[x] = static_cast<float>(sum);
    }
  }
  std::vector<double> sums(side);
  for (int64_t y = 0; y < side; ++y) {
    float* to = out + y * side;
    const Taps& taps = rows[y];
    std::fill(sums.begin(), sums.end(), 0.0);
    for (size_t k = 0; k < taps.weights.size(); ++k) {
      const float* from = wide.data() + (taps.first + static_cast<int64_t>(k)) * side;
      for (int64_t x = 0; x < side; ++x) sums[x] += static_cast<double>(from[x]) * taps.weights[k];
    }
    for (int64_t x = 0; x < side; ++x) to[x] = std::clamp(static_cast<float>(sums[x]), 0.0f, 255.0f);
  }
}

// An output place between two input places.
struct Between {
  int64_t low = 0, high = 0;
  float weight = 0;  // of `high`
};

// TensorFlow 1's legacy scaler, in float32.
std::vector<Between> TfPlaces(int64_t in, int64_t out) {
  const float scale = static_cast<float>(in) / static_cast<float>(out);
  std::vector<Between> places(out);
  for (int64_t i = 0; i < out; ++i) {
    const float at = static_cast<float>(i) * scale, low = std::floor(at);
    places[i].low = std::min(static_cast<int64_t>(low), in - 1);
    places[i].high = std::min(places[i].low + 1, in - 1);
    places[i].weight = at - low;
  }
  return places;
}

void ResizeTf(const uint8_t* in, int64_t width, int64_t side, const std::vector<Between>& columns,
              const std::vector<Between>& rows, float* out) {
  for (int64_t y = 0; y < side; ++y) {
    const uint8_t* low = in + rows[y].low * width;
    const uint8_t* high = in + rows[y].high * width;
    for (int64_t x = 0; x < side; ++x) {
      const Between& c = columns[x];
      const float tl = low[c.low], tr = low[c.high], bl = high[c.low], br = high[c.high];
      const float top = tl + (tr - tl) * c.weight, bottom = bl + (br - bl) * c.weight;
      out[y * side + x] = top + (bottom - top) * rows[y].weight;
    }
  }
}

// `one(in, out)` for every channel of every picture.
template <typename One>
at::Tensor ForEachChannel(const at::Tensor& pictures, int64_t side, const One& one) {
  const at::Tensor in = pictures.contiguous();
  const int64_t n = in.size(0), channels = in.size(1), plane = in.size(2) * in.size(3);
  at::Tensor out = at::empty({n, channels, side, side}, at::kFloat);
  const uint8_t* from = in.const_data_ptr<uint8_t>();
  float* to = out.data_ptr<float>();
  at::parallel_for(0, n * channels, 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) one(from + i * plane, to + i * side * side);
  });
  return out;
}

}  // namespace

const char* FidPreprocessingName(FidPreprocessing preprocessing) {
  static constexpr const char* kNames[] = {"clean", "legacy_tf", "pytorch_fid"};
  return kNames[static_cast<int>(preprocessing)];
}

at::Tensor ResizeForFid(const at::Tensor& pictures, FidPreprocessing preprocessing, int64_t side) {
  const int64_t height = pictures.size(2), width = pictures.size(3);
  if (preprocessing == FidPreprocessing::kPytorchFid)
    return at::upsample_bilinear2d(pictures.contiguous().to(at::kFloat).div_(255), {side, side}, false);
  if (preprocessing == FidPreprocessing::kLegacyTf) {
    const std::vector<Between> columns = TfPlaces(width, side), rows = TfPlaces(height, side);
    return ForEachChannel(pictures, side,
                          [&](const uint8_t* in, float* out) { ResizeTf(in, width, side, columns, rows, out); });
  }
  const std::vector<Taps> columns = BicubicTaps(width, side), rows = BicubicTaps(height, side);
  return ForEachChannel(pictures, side, [&](const uint8_t* in, float* out) {
    ResizeBicubic(in, height, width, side, columns, rows, out);
  });
}

at::Tensor ScaleForInception(at::Tensor resized, FidPreprocessing preprocessing) {
  return preprocessing == FidPreprocessing::kPytorchFid ? resized.mul_(2).sub_(1) : resized.sub_(128).div_(128);
}

at::Tensor PreprocessForFvd(const at::Tensor& clips) {
  constexpr int64_t kSide = 224;
  const int64_t n = clips.size(0), frames = clips.size(1), height = clips.size(3), width = clips.size(4);
  const double scale = static_cast<double>(kSide) / static_cast<double>(std::min(height, width));
  const auto scaled = [&](int64_t side) { return static_cast<int64_t>(std::ceil(static_cast<double>(side) * scale)); };
  const int64_t new_height = height < width ? kSide : scaled(height),
                new_width = height < width ? scaled(width) : kSide;
  const at::Tensor pictures = clips.contiguous().view({n * frames, 3, height, width}).to(at::kFloat).div_(255);
  const at::Tensor resized = at::upsample_bilinear2d(pictures, {new_height, new_width}, false);
  const at::Tensor cut = resized.narrow(2, (new_height - kSide) / 2, kSide).narrow(3, (new_width - kSide) / 2, kSide);
  return cut.sub(0.5).mul_(2).view({n, frames, 3, kSide, kSide}).transpose(1, 2).contiguous();
}

}  // namespace skipbench
