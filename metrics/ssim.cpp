#include "metrics/ssim.h"

#include <ATen/ATen.h>
#include <fmt/ostream.h>

#include <algorithm>
#include <array>
#include <limits>
#include <vector>

#include "harness/base/error.h"
#include "harness/base/portable_math.h"
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
    w[d] = portable::Exp(-0.5 * d * d / (1.5 * 1.5));
    sum += d == 0 ? w[d] : 2 * w[d];
  }
  for (double& v : w) v /= sum;
  return w;
}

// Position in the picture of position i of the picture padded by `pad` on each side.
int64_t Reflected(int64_t i, int64_t pad, int64_t size) {
  const int64_t j = i - pad;
  return j < 0 ? -j : j >= size ? 2 * size - 2 - j : j;
}

// The statistics behind SSIM, one row of each: x, y, x^2 + y^2, x y. (The two variances only occur as their sum.)
constexpr int kMaps = 4;
using Rows = std::array<std::vector<double>, kMaps>;

Rows MakeRows(int64_t width) {
  Rows rows;
  for (auto& row : rows) row.resize(static_cast<size_t>(width));
  return rows;
}

// One channel, row by row: each row is filtered horizontally once and kept while the window passes over it, so that the
// working set stays in the cache however large the picture is.
class ChannelSsim {
 public:
  ChannelSsim(int64_t height, int64_t width, int64_t pad)
      : height_(height),
        width_(width),
        pad_(pad),
        padded_width_(width + 2 * pad),
        out_width_(padded_width_ - 2 * kRadius),
        input_(MakeRows(padded_width_)),
        mean_(MakeRows(out_width_)),
        filtered_(kWindow, MakeRows(out_width_)) {
    for (int64_t i = 0; i < padded_width_; ++i) column_.push_back(Reflected(i, pad, width));
  }

  // Mean over the positions where the window fits into the padded picture.
  double operator()(const uint8_t* x, const uint8_t* y) {
    const int64_t rows = height_ + 2 * pad_;
    double sum = 0;
    for (int64_t i = 0; i < rows; ++i) {
      const int64_t offset = Reflected(i, pad_, height_) * width_;
      Load(x + offset, y + offset);
      FilterHorizontally(&filtered_[i % kWindow]);
      if (i < kWindow - 1) continue;
      FilterVertically(i - kRadius);
      sum += RowSum();
    }
    return sum / static_cast<double>((rows - 2 * kRadius) * out_width_);
  }

 private:
  void Load(const uint8_t* x, const uint8_t* y) {
    for (int64_t j = 0; j < padded_width_; ++j) {
      const double a = x[column_[j]];
      const double b = y[column_[j]];
      input_[0][j] = a;
      input_[1][j] = b;
      input_[2][j] = a * a + b * b;
      input_[3][j] = a * b;
    }
  }

  void FilterHorizontally(Rows* out) const {
    for (int map = 0; map < kMaps; ++map) {
      const double* from = input_[map].data() + kRadius;
      double* to = (*out)[map].data();
      for (int64_t j = 0; j < out_width_; ++j) {
        double sum = weight_[0] * from[j];
        for (int d = 1; d <= kRadius; ++d) sum += weight_[d] * (from[j - d] + from[j + d]);
        to[j] = sum;
      }
    }
  }

  void FilterVertically(int64_t middle) {
    for (int map = 0; map < kMaps; ++map) {
      std::array<const double*, kWindow> rows;
      for (int k = 0; k < kWindow; ++k) rows[k] = filtered_[(middle - kRadius + k) % kWindow][map].data();
      double* to = mean_[map].data();
      for (int64_t j = 0; j < out_width_; ++j) {
        double sum = weight_[0] * rows[kRadius][j];
        for (int d = 1; d <= kRadius; ++d) sum += weight_[d] * (rows[kRadius - d][j] + rows[kRadius + d][j]);
        to[j] = sum;
      }
    }
  }

  // Equation 13 for every position of the row.
  double RowSum() const {
    constexpr double c1 = (0.01 * 255) * (0.01 * 255);
    constexpr double c2 = (0.03 * 255) * (0.03 * 255);
    double sum = 0;
    for (int64_t j = 0; j < out_width_; ++j) {
      const double mx = mean_[0][j];
      const double my = mean_[1][j];
      const double means = mx * mx + my * my;
      const double variances = std::max(mean_[2][j] - means, 0.0);  // sigma_x^2 + sigma_y^2
      const double covariance = mean_[3][j] - mx * my;
      sum += (2 * mx * my + c1) * (2 * covariance + c2) / ((means + c1) * (variances + c2));
    }
    return sum;
  }

  int64_t height_, width_, pad_, padded_width_, out_width_;
  std::array<double, kRadius + 1> weight_ = GaussianWindow();
  std::vector<int64_t> column_;  // [padded width], of the picture
  Rows input_;                   // the padded row
  Rows mean_;                    // under the window, for one row of positions
  std::vector<Rows> filtered_;   // the last 11 rows, filtered horizontally; row i in place i mod 11
};

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
  ChannelSsim channel(height, width, pad);
  double sum = 0;
  for (int64_t c = 0; c < picture.size(0); ++c)
    sum += channel(a.const_data_ptr<uint8_t>() + c * height * width, b.const_data_ptr<uint8_t>() + c * height * width);
  return sum / static_cast<double>(picture.size(0));
}

namespace {

template <SsimBorder border>
MetricType Described(std::string name, std::string summary, std::string column, std::string title) {
  return {.name = std::move(name),
          .summary = std::move(summary),
          .columns = {{.name = std::move(column),
                       .title = std::move(title),
                       .better = Direction::kHigher,
                       .decimals = 3,
                       .limit = 0.005,
                       .order = 1,
                       .per_frame = true}},
          .needs_pictures = true,
          .measure = [](const MetricInput& sample, const MetricInput& reference) {
            return std::vector{Ssim(sample.picture, reference.picture, border)};
          }};
}

}  // namespace

MetricType SsimMetric() {
  return Described<SsimBorder::kValid>(
      "ssim", "structural similarity where the 11x11 window fits (Wang et al. 2004; scikit-image)", "ssim", "SSIM");
}

MetricType SsimReflectMetric() {
  return Described<SsimBorder::kReflect>("ssim:reflect", "structural similarity with reflected borders (torchmetrics)",
                                         "ssim_reflect", "SSIM reflect");
}

}  // namespace skipbench
