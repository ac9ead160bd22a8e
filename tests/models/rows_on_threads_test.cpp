#include "harness/models/rows_on_threads.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include "harness/base/error.h"
#include "harness/nn/cpu/cpu_gemm.h"
#include "tests/support/fixtures.h"

namespace skipbench {
namespace {

constexpr int64_t kSmall = 100'000'000;

// Says which rows it was given, and fails for one of them.
class RowNumbers : public Network {
 public:
  explicit RowNumbers(double bad = -1) : bad_(bad) { info_.in_channels = info_.out_channels = 1; }
  std::map<std::string, ConditioningInput> conditioning(at::IntArrayRef) const override { return {}; }
  NetworkOutput Forward(const NetworkInputs& inputs, const NetworkWork&) const override {
    const at::Tensor first = inputs.sample.flatten(1).select(1, 0);
    if (first.eq(bad_).any().item<bool>()) Fail("row {} is bad", bad_);
    return {at::full_like(inputs.sample, static_cast<double>(inputs.sample.size(0))) + inputs.sample * 100, {}};
  }

 private:
  double bad_;
};

NetworkInputs Numbered(int64_t rows) {
  NetworkInputs inputs;
  inputs.sample = at::arange(rows, at::kFloat).view({rows, 1, 1, 1});
  return inputs;
}

TEST(RowsOnThreads, EveryThreadHasAboutAsMany) {
  EXPECT_EQ(PiecesOfRows(16, 2, kSmall), 2);
  EXPECT_EQ(PiecesOfRows(2, 2, kSmall), 2);
  EXPECT_EQ(PiecesOfRows(32, 16, kSmall), 16);
  EXPECT_EQ(PiecesOfRows(9, 2, kSmall), 2);  // 5 and 4
  EXPECT_EQ(PiecesOfRows(3, 2, kSmall), 1);  // 2 and 1: a third of the time one thread would wait
  EXPECT_EQ(PiecesOfRows(17, 16, kSmall), 1);
  EXPECT_EQ(PiecesOfRows(8, 16, kSmall), 1);  // half of the threads would have nothing
  EXPECT_EQ(PiecesOfRows(8, 1, kSmall), 1);
}

TEST(RowsOnThreads, LargeNetworksStayWhole) { EXPECT_EQ(PiecesOfRows(16, 2, 800'000'000'000), 1); }

TEST(RowsOnThreads, WhereSomebodyLooksOnOrKernelsAreOthersRowsStayTogether) {
  NetworkInputs inputs = Numbered(64);
  EXPECT_EQ(PiecesOnThreads(inputs, at::kDouble, kSmall), 1);
  EXPECT_EQ(PiecesOnThreads(inputs, at::kFloat, kSmall),
            cpu::KernelsFor(at::kFloat) ? PiecesOfRows(64, at::get_num_threads(), kSmall) : 1);
  inputs.observe = [](const std::string&, const at::Tensor&) {};
  EXPECT_EQ(PiecesOnThreads(inputs, at::kFloat, kSmall), 1);
}

TEST(RowsOnThreads, RowsComeBackInOrder) {
  const NetworkInputs inputs = Numbered(5);
  const at::Tensor made = ForwardOnThreads(RowNumbers(), inputs, {}, 2).sample.flatten();
  EXPECT_TRUE(at::equal(made, at::tensor({2.f, 102.f, 203.f, 303.f, 403.f})));
}

TEST(RowsOnThreads, AnErrorOfAPieceIsTheForwards) {
  const RowNumbers network(3);
  EXPECT_ERROR(ForwardOnThreads(network, Numbered(4), {}, 2), "row 3 is bad");
}

}  // namespace
}  // namespace skipbench
