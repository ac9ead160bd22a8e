#include "metrics/ssim.h"

#include <ATen/ATen.h>
#include <fmt/ostream.h>

#include <array>
#include <cmath>
#include <limits>
#include <vector>

#include "harness/base/error.h"
#include "metrics/pictures.h"

namespace skipbench {
namespace {

constexpr int kRadius = 5;
constexpr int kWindow = 2 * kRadius + 1;

// Half of the symmetric window: weight at distance 0..5; the whole sums to 1.
std::array<double, kRadius + 1> GaussianWindow() {
  std::array<double, kRadius + 1> w{};
  double sum = 0;
  for (int d = 0; d <= kRadius; ++d) {
    w[d] = std::exp(-0.5 * d * d / (1.5 * 1.5));
    sum += d == 0 ? w[d] : 2 * w[d];
  }
  for (double& v : w) v /= sum;
  return w;
}

// A plane of numbers [height, width].
struct Plane {
  int64_t height, width;
  std::vector<double> values;
  Plane(int64_t h, int64_t w) : height(h), width(w), values(static_cast<size_t>(h * w)) {}
  double* row(int64_t y) { return values.data() + y * width; }
  const double* row(int64_t y) const { return values.data() + y * width; }
};

// The separable filter, where the window fits: [h, w] -> [h - 10, w - 10]. `scratch` [h - 10, w].
void Filter(const Plane& in, Plane* scratch, Plane* out) {
  static const std::array<double, kRadius + 1> w = GaussianWindow();
  for (int64_t y = 0; y < out->height; ++y) {
    double* to = scratch->row(y);
    const double* middle = in.row(y + kRadius);
    for (int64_t x = 0; x < in.width; ++x) to[x] = w[0] * middle[x];
    for (int d = 1; d <= kRadius; ++d) {
      const double* above = in.row(y + kRadius - d);
      const double* below = in.row(y + kRadius + d);
      for (int64_t x = 0; x < in.width; ++x) to[x] += w[d] * (above[x] + below[x]);
    }
  }
  for (int64_t y = 0; y < out->height; ++y) {
    double* to = out->row(y);
    const double* from = scratch->row(y) + kRadius;
    for (int64_t x = 0; x < out->width; ++x) to[x] = w[0] * from[x];
    for (int d = 1; d <= kRadius; ++d)
      for (int64_t x = 0; x < out->width; ++x) to[x] += w[d] * (from[x - d] + from[x + d]);
  }
}

// Position in the picture of position i of the picture padded by `pad` on each side.
int64_t Reflected(int64_t i, int64_t pad, int64_t size) {
  const int64_t j = i - pad;
  return j < 0 ? -j : j >= size ? 2 * size - 2 - j : j;
}

// Working memory for pictures of one size.
struct Workspace {
  Plane x, y, squares, product, scratch, mean_x, mean_y, mean_squares, mean_product;
  Workspace(int64_t h, int64_t w)
      : x(h, w), y(h, w), squares(h, w), product(h, w), scratch(h - 2 * kRadius, w), mean_x(h - 2 * kRadius, w - 2 * kRadius),
        mean_y(mean_x), mean_squares(mean_x), mean_product(mean_x) {}
};

void Load(const uint8_t* x, const uint8_t* y, int64_t height, int64_t width, int64_t pad, Workspace* work) {
  std::vector<int64_t> column(work->x.width);
  for (int64_t i = 0; i < work->x.width; ++i) column[i] = Reflected(i, pad, width);
  for (int64_t i = 0; i < work->x.height; ++i) {
    const int64_t row = Reflected(i, pad, height) * width;
    double* xs = work->x.row(i);
    double* ys = work->y.row(i);
    double* squares = work->squares.row(i);
    double* product = work->product.row(i);
    for (int64_t j = 0; j < work->x.width; ++j) {
      const double a = x[row + column[j]];
      const double b = y[row + column[j]];
      xs[j] = a;
      ys[j] = b;
      squares[j] = a * a + b * b;
      product[j] = a * b;
    }
  }
}

// Mean of equation 13 over the positions of one channel.
double ChannelSsim(Workspace* work) {
  constexpr double c1 = (0.01 * 255) * (0.01 * 255);
  constexpr double c2 = (0.03 * 255) * (0.03 * 255);
  Filter(work->x, &work->scratch, &work->mean_x);
  Filter(work->y, &work->scratch, &work->mean_y);
  Filter(work->squares, &work->scratch, &work->mean_squares);
  Filter(work->product, &work->scratch, &work->mean_product);
  double sum = 0;
  for (size_t i = 0; i < work->mean_x.values.size(); ++i) {
    const double mx = work->mean_x.values[i];
    const double my = work->mean_y.values[i];
    const double means = mx * mx + my * my;
    const double variances = std::max(work->mean_squares.values[i] - means, 0.0);   // sigma_x^2 + sigma_y^2
    const double covariance = work->mean_product.values[i] - mx * my;
    sum += (2 * mx * my + c1) * (2 * covariance + c2) / ((means + c1) * (variances + c2));
  }
  return sum / static_cast<double>(work->mean_x.values.size());
}

}  // namespace

double Ssim(const at::Tensor& picture, const at::Tensor& reference, SsimBorder border) {
  CheckBytes(picture, reference, "ssim");
  if (picture.dim() != 3) Fail("ssim: expected pictures [C, H, W], found the shape {}", fmt::streamed(picture.sizes()));
  const int64_t height = picture.size(1);
  const int64_t width = picture.size(2);
  const int64_t pad = border == SsimBorder::kReflect ? kRadius : 0;
  if (pad > 0 && std::min(height, width) <= pad)
    Fail("ssim: reflecting the border needs sides of at least {}, found {}x{}", pad + 1, height, width);
  if (pad == 0 && std::min(height, width) < kWindow) return std::numeric_limits<double>::quiet_NaN();

  const at::Tensor a = picture.contiguous();
  const at::Tensor b = reference.contiguous();
  Workspace work(height + 2 * pad, width + 2 * pad);
  double sum = 0;
  for (int64_t c = 0; c < picture.size(0); ++c) {
    Load(a.const_data_ptr<uint8_t>() + c * height * width, b.const_data_ptr<uint8_t>() + c * height * width, height, width, pad, &work);
    sum += ChannelSsim(&work);
  }
  return sum / static_cast<double>(picture.size(0));
}

}  // namespace skipbench
