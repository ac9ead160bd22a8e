#include "harness/sampling/difference_sums.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "harness/base/error.h"
#include "harness/runtime/device.h"
#include "tests/support/fixtures.h"

namespace skipbench {
namespace {

using testing::MaxAbsDiff;
using testing::RelativeDiff;

std::vector<at::Tensor> History(int count, at::IntArrayRef shape, at::ScalarType type = at::kFloat) {
  std::vector<at::Tensor> history;
  for (int i = 0; i < count; ++i) history.push_back(at::randn(shape).to(type));
  return history;
}

// The definition, by operators in float64; NaN for orders above `order`.
at::Tensor Expected(const std::vector<at::Tensor>& history, int order) {
  std::vector<at::Tensor> x;
  for (const auto& h : history) x.push_back(h.cpu().to(at::kDouble).flatten(1));
  at::Tensor sums = at::full({x[0].size(0), kDifferenceColumns}, std::nan(""), at::kDouble);
  const auto put = [&](int column, const at::Tensor& v) {
    sums.select(1, column).copy_(v.abs().sum(1));
    sums.select(1, column + 1).copy_((v * v).sum(1));
  };
  put(kSelfAbs, x[0]);
  if (order >= 1) put(kAbs1, x[0] - x[1]);
  if (order >= 2) put(kAbs2, x[0] - 2 * x[1] + x[2]);
  if (order >= 3) put(kAbs3, x[0] - 3 * x[1] + 3 * x[2] - x[3]);
  return sums;
}

void ExpectSums(const at::Tensor& sums, const at::Tensor& expected) {
  ASSERT_EQ(sums.sizes(), expected.sizes());
  ASSERT_EQ(sums.scalar_type(), at::kDouble);
  const at::Tensor value = sums.cpu();
  EXPECT_TRUE(at::equal(value.isnan(), expected.isnan())) << value << expected;
  EXPECT_LT(RelativeDiff(value.nan_to_num(), expected.nan_to_num()), 1e-13);
}

TEST(DifferenceSums, EqualsTheDefinitionForEveryOrderHistoryAndLength) {
  for (const auto& shape :
       std::vector<std::vector<int64_t>>{{1, 4, 16, 16}, {3, 4, 5, 7}, {2, 1}, {5, 3}, {1, 4, 3, 64, 64}}) {
    for (int count = 1; count <= 4; ++count) {
      const auto history = History(count, shape);
      for (int max_order = 0; max_order <= 3; ++max_order) {
        SCOPED_TRACE(::testing::Message()
                     << at::IntArrayRef(shape) << " history " << count << " max_order " << max_order);
        ExpectSums(ComputeDifferenceSums(history, max_order), Expected(history, std::min(max_order, count - 1)));
      }
    }
  }
}

TEST(DifferenceSums, TakesEveryFloatingType) {
  for (const auto type : {at::kHalf, at::kBFloat16, at::kFloat, at::kDouble}) {
    const auto history = History(4, {3, 4, 9}, type);
    ExpectSums(ComputeDifferenceSums(history, 3), Expected(history, 3));
  }
}

TEST(DifferenceSums, TakesStridedTensors) {
  std::vector<at::Tensor> history;
  for (int i = 0; i < 4; ++i) history.push_back(at::randn({6, 5, 4}).slice(0, 0, 6, 2).transpose(1, 2));
  ExpectSums(ComputeDifferenceSums(history, 3), Expected(history, 3));
}

TEST(DifferenceSums, ARowDoesNotDependOnTheOthers) {
  const auto history = History(4, {64, 4, 37, 31});  // large enough to be shared among threads
  const at::Tensor all = ComputeDifferenceSums(history, 3);
  for (int64_t row = 0; row < 64; ++row) {
    std::vector<at::Tensor> one;
    for (const auto& h : history) one.push_back(h.slice(0, row, row + 1));
    EXPECT_TRUE(at::equal(ComputeDifferenceSums(one, 3)[0], all[row])) << "row " << row;
  }
}

TEST(DifferenceSums, NanAndInfinityReachTheirRowOnly) {
  for (const double bad : {std::nan(""), std::numeric_limits<double>::infinity()}) {
    const auto history = History(2, {3, 4, 8, 8});
    history[0][1][2][3][5] = bad;
    const at::Tensor sums = ComputeDifferenceSums(history, 1);
    for (const int column : {kAbs1, kSquare1, kSelfAbs, kSelfSquare}) {
      EXPECT_TRUE(std::isfinite(sums[0][column].item<double>()));
      EXPECT_FALSE(std::isfinite(sums[1][column].item<double>()));
      EXPECT_TRUE(std::isfinite(sums[2][column].item<double>()));
    }
  }
}

TEST(DifferenceSums, DoesNotCancelInFloat32) {
  // 1e4 apart from its neighbours by 1e-3: the difference of float32 numbers is exact in float64.
  const at::Tensor x = at::full({1, 4096}, 1e4, at::kFloat);
  const at::Tensor y = x + 0.0009765625;
  const at::Tensor sums = ComputeDifferenceSums({y, x}, 1);
  EXPECT_DOUBLE_EQ(sums[0][kAbs1].item<double>(), 4096 * 0.0009765625);
}

TEST(DifferenceSums, EmptyBatches) {
  EXPECT_EQ(ComputeDifferenceSums(History(4, {0, 4, 2}), 3).sizes(), at::IntArrayRef({0, kDifferenceColumns}));
}

TEST(DifferenceSums, RefusesWhatDoesNotFitTogether) {
  EXPECT_ERROR(ComputeDifferenceSums(at::TensorList(), 1), "1 to 4 tensors");
  EXPECT_ERROR(ComputeDifferenceSums(History(1, {2, 3}), 4), "max_order");
  EXPECT_ERROR(ComputeDifferenceSums({at::zeros({2, 3}), at::zeros({2, 4})}, 1), "differ");
  EXPECT_ERROR(ComputeDifferenceSums({at::zeros({2, 3}), at::zeros({2, 3}, at::kDouble)}, 1), "differ");
  EXPECT_ERROR(ComputeDifferenceSums({at::zeros({2, 3}, at::kLong)}, 1), "floating type");
  EXPECT_ERROR(ComputeDifferenceSums({at::zeros({})}, 1), "[n, ...]");
}

TEST(DifferenceSums, GpuEqualsTheDefinition) {
  if (GpuCount() == 0) GTEST_SKIP() << "no GPU";
  for (const auto type : {at::kHalf, at::kBFloat16, at::kFloat, at::kDouble}) {
    for (const auto& shape : std::vector<std::vector<int64_t>>{{1, 4, 16, 16}, {3, 4, 5, 7}, {2, 4, 128, 128}}) {
      const auto history = History(4, shape, type);
      std::vector<at::Tensor> on_gpu;
      for (const auto& h : history) on_gpu.push_back(h.cuda());
      for (int max_order = 0; max_order <= 3; ++max_order) {
        const at::Tensor sums = ComputeDifferenceSums(on_gpu, max_order);
        ASSERT_TRUE(sums.is_cuda());
        ExpectSums(sums, Expected(history, max_order));
        EXPECT_TRUE(at::equal(sums.nan_to_num(), ComputeDifferenceSums(on_gpu, max_order).nan_to_num()))
            << "not deterministic";
      }
    }
  }
  EXPECT_EQ(ComputeDifferenceSums({at::zeros({0, 4}).cuda()}, 0).sizes(), at::IntArrayRef({0, kDifferenceColumns}));
}

// Of every second row and column, and of differences that a subtraction of tensors has rounded.
TEST(DifferenceSums, ViewsLeaveRowsAndColumnsAndRound) {
  using Rounding = SumView::Rounding;
  for (const at::ScalarType type : {at::kBFloat16, at::kHalf, at::kFloat, at::kDouble})
    for (const int64_t stride : {1, 2, 8}) {
      SCOPED_TRACE(::testing::Message() << c10::toString(type) << " stride " << stride);
      const at::Tensor now = at::randn({3, 2, 3, 17, 9}).to(type), then = at::randn({3, 2, 3, 17, 9}).to(type);
      const auto viewed = [&](const at::Tensor& t) {
        return t.slice(3, 0, std::nullopt, stride).slice(4, 0, std::nullopt, stride).contiguous();
      };
      const SumView exact{.stride = static_cast<int>(stride)};
      const at::Tensor sums = ComputeChangeSums(now, then, exact);
      EXPECT_TRUE(at::equal(sums.nan_to_num(), ComputeDifferenceSums({viewed(now), viewed(then)}, 1).nan_to_num()));
      const SumView rounded{.stride = static_cast<int>(stride), .rounding = Rounding::kDifference};
      const at::Tensor found = ComputeChangeSums(now, then, rounded);
      const at::Tensor expected = (viewed(now) - viewed(then)).to(at::kDouble).abs().flatten(1).sum(1);
      EXPECT_LT(RelativeDiff(found.select(1, kAbs1), expected), 1e-13);
      EXPECT_TRUE(at::equal(found.select(1, kSelfAbs), sums.select(1, kSelfAbs)));
      if (type == at::kBFloat16) EXPECT_GT(RelativeDiff(found.select(1, kAbs1), sums.select(1, kAbs1)), 1e-9);
    }
}

}  // namespace
}  // namespace skipbench
