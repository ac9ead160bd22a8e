// What is said of a noise file.
#include "harness/experiment/plan/file_noise.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "harness/nn/weights/tensor_file.h"
#include "tests/support/fixtures.h"
#include "tests/support/tensor_files.h"

namespace skipbench {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class FileNoiseTest : public ::testing::Test {
 protected:
  // Unit noise of skipbench's own, times `factor`.
  void Write(double factor) {
    const auto source = CounterNoise(3);
    std::vector<at::Tensor> rows;
    for (int64_t s = 0; s < 4; ++s) rows.push_back(source->Open(s, s, {4, 8, 16})->Draw(0) * factor);
    WriteTensorFile(temp_ / "noise.safetensors", {{"noise", at::stack(rows)}}, {});
    config_.source = "file";
    config_.path = temp_ / "noise.safetensors";
    config_.tensor = "noise";
  }
  testing::TempDir temp_;
  NoiseConfig config_;
};

TEST_F(FileNoiseTest, StatisticsOfUnitNoiseDoNotSayThatTheOrderIsRight) {
  Write(1);
  EXPECT_THAT(NotesOnNoiseFiles(config_),
              ElementsAre(AllOf(HasSubstr("noise.safetensors: noise: [4, 4, 8, 16], mean "),
                                HasSubstr("those of unit noise. They would be if its values were in a wrong order"),
                                HasSubstr("safetensors.numpy.save_file (safetensors 0.8.0)"),
                                HasSubstr("numpy.ascontiguousarray(x)"))));
}

TEST_F(FileNoiseTest, ScaledNoiseIsNamed) {
  Write(14.6);
  EXPECT_THAT(NotesOnNoiseFiles(config_),
              ElementsAre(HasSubstr(
                  "not those of unit noise. Rows are the noise before it is multiplied with init_noise_sigma")));
}

TEST_F(FileNoiseTest, ValuesThatAreNotFiniteAreRefused) {
  Write(1);
  at::Tensor rows = ReadTensorFile(config_.path).at("noise").clone();
  rows[2][0][7][1].fill_(std::numeric_limits<float>::quiet_NaN());
  WriteTensorFile(config_.path, {{"noise", rows}}, {});
  EXPECT_ERROR(FileNoise(config_), "noise.safetensors: noise: the value at [2, 0, 7, 1] is not finite");
}

TEST_F(FileNoiseTest, AnotherShapeNamesTheTrapOfOtherAxes) {
  Write(1);
  EXPECT_ERROR(FileNoise(config_)->Open(0, 0, {4, 16, 8})->Draw(0),
               "rows have the shape [4, 8, 16], the latents [4, 16, 8]. When you change the order of axes: an array "
               "that was not C-contiguous");
}

TEST_F(FileNoiseTest, NoneWithoutAFile) { EXPECT_TRUE(NotesOnNoiseFiles(NoiseConfig()).empty()); }

}  // namespace
}  // namespace skipbench
