// Text encoders that transformers 5 made and saved, one without and one with the prefix "text_model.".
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "harness/models/clip_text.h"
#include "harness/models/load.h"
#include "tests/support/fixtures.h"

namespace skipbench {
namespace {

TEST(TextEncodersMade, EqualTransformers) {
  const auto folder = testing::FixtureRoot() / "resaved";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "no resaved fixtures";
  const auto expected = testing::LoadTensors(folder / "text_encoders.safetensors");
  for (const std::string name : {"text_encoder_made", "text_encoder_2_made"}) {
    SCOPED_TRACE(name);
    const bool prefix =
        testing::LoadTensors(folder / name / "model.safetensors").contains("text_model.final_layer_norm.weight");
    EXPECT_EQ(prefix, name == "text_encoder_2_made");
    const auto model = LoadFolder<CLIPTextModel>(folder / name);
    const ClipTextOutput output = model->Forward(expected.at(name + ".input_ids"));
    // Three layers of 24 channels: some 100 sums of float32, each to 6e-8 of its value.
    constexpr double kTolerance = 1e-5;
    EXPECT_LE(testing::RelativeDiff(output.last_hidden_state, expected.at(name + ".last_hidden_state")), kTolerance);
    EXPECT_LE(testing::RelativeDiff(output.penultimate(), expected.at(name + ".penultimate")), kTolerance);
    EXPECT_LE(testing::RelativeDiff(prefix ? output.text_embeds : output.pooled, expected.at(name + ".pooled")),
              kTolerance);
  }
}

}  // namespace
}  // namespace skipbench
