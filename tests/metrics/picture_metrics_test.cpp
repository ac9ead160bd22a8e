// PSNR, SSIM and latent distance: values that can be worked out by hand, and input that does not fit.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>

#include "metrics/latent_error.h"
#include "metrics/paper_metrics.h"
#include "metrics/pictures.h"
#include "metrics/psnr.h"
#include "metrics/ssim.h"
#include "tests/support/fixtures.h"

namespace skipbench {
namespace {

at::Tensor Bytes(at::IntArrayRef shape, double value) { return at::full(shape, value, at::kByte); }

at::Tensor Pattern(at::IntArrayRef shape, int seed) {
  const int64_t n = at::empty(shape).numel();
  return (at::arange(n, at::kLong).mul(37 + seed).add(seed * 11).remainder(251)).to(at::kByte).reshape(shape);
}

TEST(Psnr, BlackAgainstWhiteIsZero) {
  EXPECT_EQ(Psnr(Bytes({3, 8, 8}, 255), Bytes({3, 8, 8}, 0)), 0);
  EXPECT_EQ(Psnr(Bytes({3, 8, 8}, 0), Bytes({3, 8, 8}, 255)), 0);
}

TEST(Psnr, IdenticalIsInfinite) { EXPECT_EQ(Psnr(Pattern({3, 8, 8}, 1), Pattern({3, 8, 8}, 1)), INFINITY); }

TEST(Psnr, DifferencesDoNotWrap) {
  // 250 against 5: 8-bit arithmetic would make 11 of 245.
  const SquaredError error = CompareBytes(Bytes({1, 4, 4}, 5), Bytes({1, 4, 4}, 250));
  EXPECT_EQ(error.sum, 16u * 245 * 245);
  EXPECT_EQ(error.max_value, 5);
  EXPECT_NEAR(Psnr(error), 20 * std::log10(255.0 / 245), 1e-12);
}

TEST(Psnr, LargePicturesDoNotOverflow) {
  // 3 * 700 * 700 * 255^2 is beyond 32 bits.
  const SquaredError error = CompareBytes(Bytes({3, 700, 700}, 255), Bytes({3, 700, 700}, 0));
  EXPECT_EQ(error.sum, uint64_t{3} * 700 * 700 * 255 * 255);
}

TEST(Psnr, ReadsAnyLayout) {
  const at::Tensor a = Pattern({3, 6, 9}, 1), b = Pattern({3, 6, 9}, 2);
  EXPECT_EQ(Psnr(a.transpose(1, 2), b.transpose(1, 2)), Psnr(a, b));
}

TEST(Psnr, PaperRuleTakesThePeakOfThePicture) {
  const SquaredError error = CompareBytes(Bytes({1, 2, 2}, 100), Bytes({1, 2, 2}, 110));
  const PaperPsnr paper = PaperCompatPsnr(std::span(&error, 1));
  EXPECT_NEAR(paper.mean, 20 * std::log10(100.0 / 10), 1e-12);
  // An identical batch and a black one are dropped.
  const std::vector<SquaredError> three = {error, CompareBytes(Bytes({1, 2, 2}, 9), Bytes({1, 2, 2}, 9)),
                                           CompareBytes(Bytes({1, 2, 2}, 0), Bytes({1, 2, 2}, 9))};
  const PaperPsnr some = PaperCompatPsnr(three, 1);
  EXPECT_EQ(some.batches, 3);
  EXPECT_EQ(some.dropped, 2);
  EXPECT_EQ(some.mean, paper.mean);
  EXPECT_TRUE(std::isnan(PaperCompatPsnr(std::span(three).subspan(1), 1).mean));
  EXPECT_EQ(PaperCompatPsnr({}).batches, 0);
  EXPECT_ERROR(PaperCompatPsnr(three, 0), "batch size");
}

TEST(Ssim, OfAPictureWithItself) {
  for (SsimBorder border : {SsimBorder::kValid, SsimBorder::kReflect})
    EXPECT_NEAR(Ssim(Pattern({3, 16, 20}, 3), Pattern({3, 16, 20}, 3), border), 1, 1e-12);
}

TEST(Ssim, OfConstantsIsTheLuminanceTerm) {
  const double c1 = 0.01 * 255 * 0.01 * 255;
  const double expected = (2 * 100 * 140 + c1) / (100 * 100 + 140 * 140 + c1);
  for (SsimBorder border : {SsimBorder::kValid, SsimBorder::kReflect})
    EXPECT_NEAR(Ssim(Bytes({2, 12, 13}, 100), Bytes({2, 12, 13}, 140), border), expected, 1e-10);
}

// The definition, straight: one 2-D window per position, float64.
double DirectSsim(const at::Tensor& picture, const at::Tensor& reference, bool reflect) {
  at::Tensor g = at::exp(at::arange(-5, 6, at::kDouble).square() / (-2 * 1.5 * 1.5));
  g = g / g.sum();
  const at::Tensor window = at::outer(g, g).reshape({1, 1, 11, 11});
  auto planes = [&](const at::Tensor& t) {
    const at::Tensor p = t.to(at::kDouble).unsqueeze(1);
    return reflect ? at::reflection_pad2d(p, {5, 5, 5, 5}) : p;
  };
  auto mean = [&](const at::Tensor& t) { return at::conv2d(t, window); };
  const at::Tensor x = planes(picture), y = planes(reference);
  const at::Tensor mx = mean(x), my = mean(y);
  const at::Tensor vx = (mean(x * x) - mx * mx).clamp_min(0), vy = (mean(y * y) - my * my).clamp_min(0);
  const at::Tensor cov = mean(x * y) - mx * my;
  const double c1 = 2.55 * 2.55, c2 = 7.65 * 7.65;
  return ((2 * mx * my + c1) * (2 * cov + c2) / ((mx * mx + my * my + c1) * (vx + vy + c2))).mean().item<double>();
}

TEST(Ssim, AgreesWithTheDirectForm) {
  const std::vector<std::vector<int64_t>> shapes = {{3, 16, 16}, {1, 11, 11}, {3, 64, 64}, {2, 13, 40}, {1, 12, 11}};
  for (const auto& shape : shapes) {
    const at::Tensor a = Pattern(shape, 1), b = Pattern(shape, 5);
    EXPECT_NEAR(Ssim(a, b, SsimBorder::kValid), DirectSsim(a, b, false), 1e-10);
    EXPECT_NEAR(Ssim(a, b, SsimBorder::kReflect), DirectSsim(a, b, true), 1e-10);
    EXPECT_NEAR(Ssim(a, b), Ssim(b, a), 1e-14);
  }
  const at::Tensor small = Pattern({3, 6, 9}, 1), other = Pattern({3, 6, 9}, 2);
  EXPECT_TRUE(std::isnan(Ssim(small, other)));  // the window fits nowhere
  EXPECT_NEAR(Ssim(small, other, SsimBorder::kReflect), DirectSsim(small, other, true), 1e-10);
}

TEST(PictureMetrics, RefuseWhatIsNoPairOfPictures) {
  const at::Tensor picture = Bytes({3, 12, 12}, 1);
  EXPECT_ERROR(Psnr(picture, Bytes({3, 12, 13}, 1)), "[3, 12, 13]");
  EXPECT_ERROR(Psnr(picture.to(at::kFloat), picture.to(at::kFloat)), "8-bit pictures");
  EXPECT_ERROR(Psnr(picture, at::Tensor()), "missing");
  EXPECT_ERROR(Psnr(Bytes({3, 0, 5}, 0), Bytes({3, 0, 5}, 0)), "empty");
  EXPECT_ERROR(Ssim(Bytes({12, 12}, 1), Bytes({12, 12}, 1)), "[C, H, W]");
  EXPECT_ERROR(Ssim(Bytes({1, 5, 12}, 1), Bytes({1, 5, 12}, 1), SsimBorder::kReflect), "at least 6, found 5x12");
}

TEST(LatentError, Norms) {
  const at::Tensor reference = at::tensor({3.0f, 4.0f, 0.0f});
  const at::Tensor latent = at::tensor({3.0f, 1.0f, 4.0f});
  const LatentError error = CompareLatents(latent, reference);
  EXPECT_DOUBLE_EQ(error.l1, 7);
  EXPECT_DOUBLE_EQ(error.l2, 5);
  EXPECT_DOUBLE_EQ(error.l1_relative, 1);
  EXPECT_DOUBLE_EQ(error.l2_relative, 1);
  EXPECT_EQ(CompareLatents(at::zeros({2}), at::zeros({2})).l2_relative, 0);
  EXPECT_EQ(CompareLatents(at::ones({2}), at::zeros({2})).l2_relative, INFINITY);
  // Half precision is summed in float64.
  EXPECT_DOUBLE_EQ(CompareLatents(at::full({100'000}, 2, at::kHalf), at::ones({100'000}, at::kHalf)).l1, 100'000);
  EXPECT_TRUE(std::isnan(CompareLatents(at::full({2}, NAN), at::ones({2})).l2));
}

TEST(LatentError, RefusesWhatDoesNotFit) {
  EXPECT_ERROR(CompareLatents(at::ones({2}), at::ones({3})), "[3]");
  EXPECT_ERROR(CompareLatents(at::ones({2}), at::Tensor()), "missing");
  EXPECT_ERROR(CompareLatents(at::ones({2}, at::kByte), at::ones({2})), "floating-point");
}

TEST(MetricFrames, TheMeanIsOverFramesThatDiffer) {
  const at::Tensor clip = Pattern({3, 3, 16, 16}, 1), reference = Pattern({3, 3, 16, 16}, 4).clone();
  reference[1].copy_(clip[1]);  // one identical frame
  const auto value = [](const MetricType& type, const at::Tensor& a, const at::Tensor& b) {
    return ClipValue(MeasureFrames(type, {a, {}}, {b, {}})[0]);
  };
  EXPECT_NEAR(value(PsnrMetric(), clip, reference), (Psnr(clip[0], reference[0]) + Psnr(clip[2], reference[2])) / 2,
              1e-12);
  EXPECT_EQ(value(PsnrMetric(), clip, clip), INFINITY);
  EXPECT_NEAR(value(SsimMetric(), clip, reference), (Ssim(clip[0], reference[0]) + 1 + Ssim(clip[2], reference[2])) / 3,
              1e-12);
  EXPECT_ERROR(MeasureFrames(PsnrMetric(), {Bytes({2, 3, 4, 4}, 1), {}}, {Bytes({3, 3, 4, 4}, 1), {}}), "[3, 3, 4, 4]");
}

}  // namespace
}  // namespace skipbench
