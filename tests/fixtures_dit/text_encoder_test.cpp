// Text encoders against transformers: ids of texts, every hidden state, pooled outputs.
#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include "harness/models/load.h"
#include "harness/pipelines/prompt_encoding.h"
#include "tests/fixtures_dit/dit_cases.h"

namespace skipbench {
namespace {

using testing::DitCase;
using testing::ExpectClose;
using Tensors = std::map<std::string, at::Tensor>;

class DitTextEncoders : public testing::DitTest {
 protected:
  c10::InferenceMode inference_;
};

void CheckHiddenStates(const DitCase& c, const std::vector<at::Tensor>& states, const at::Tensor& last,
                       const Tensors& expected) {
  ExpectClose(c, "last_hidden_state", last, expected.at("last_hidden_state"));
  ASSERT_FALSE(expected.contains("hidden_states." + std::to_string(states.size())));
  for (size_t k = 0; k < states.size(); ++k) {
    const std::string name = "hidden_states." + std::to_string(k);
    ExpectClose(c, name, states[k], expected.at(name));
  }
}

void CheckT5(const DitCase& c, const Tensors& expected) {
  const auto t5 = LoadT5TextEncoder(c.model() / c.config().at("tokenizer").get<std::string>(),
                                    c.model() / c.config().at("folder").get<std::string>(), ClipVariant::kFast);
  const at::Tensor &ids = expected.at("input_ids"), &mask = expected.at("attention_mask");
  const auto texts = c.config().at("texts").get<std::vector<std::string>>();
  for (size_t i = 0; i < texts.size(); ++i) {
    const TokenizedText text = t5.tokenizer.Encode(texts[i], c.config().at("max_length").get<int64_t>());
    ExpectClose(c, "input_ids", at::tensor(text.ids, at::kLong), ids[static_cast<int64_t>(i)]);
    ExpectClose(c, "attention_mask", at::tensor(text.mask, at::kLong), mask[static_cast<int64_t>(i)]);
  }
  const T5Output output = t5.model->Forward(ids, c.config().at("mask_used").get<bool>() ? mask : at::Tensor());
  CheckHiddenStates(c, output.hidden_states, output.last_hidden_state, expected);
}

TextEncoder LoadClip(const std::filesystem::path& tokenizer, const std::filesystem::path& encoder) {
  return {ClipTokenizer::Load(tokenizer, ClipVariant::kFast), LoadFolder<CLIPTextModel>(encoder)};
}

void CheckClip(const DitCase& c, const Tensors& expected) {
  const TextEncoder clip = LoadClip(c.model() / c.config().at("tokenizer").get<std::string>(),
                                    c.model() / c.config().at("folder").get<std::string>());
  const auto texts = c.config().at("texts").get<std::vector<std::string>>();
  for (size_t i = 0; i < texts.size(); ++i)
    ExpectClose(c, "input_ids", at::tensor(clip.tokenizer.Encode(texts[i]), at::kLong),
                expected.at("input_ids")[static_cast<int64_t>(i)]);
  const ClipTextOutput output = clip.model->Forward(expected.at("input_ids"));
  CheckHiddenStates(c, output.hidden_states, output.last_hidden_state, expected);
  if (expected.contains("pooler_output")) ExpectClose(c, "pooler_output", output.pooled, expected.at("pooler_output"));
  if (expected.contains("text_embeds")) ExpectClose(c, "text_embeds", output.text_embeds, expected.at("text_embeds"));
}

TEST_P(DitTextEncoders, EqualTransformers) {
  const DitCase& c = GetParam();
  const Tensors expected = c.tensors();
  if (c.config().at("cls").get<std::string>().find("T5") != std::string::npos)
    CheckT5(c, expected);
  else
    CheckClip(c, expected);
}

// What pipelines make of prompts: trajectory_test.cpp.
DIT_CASES(DitTextEncoders, "text_encoder", [](const DitCase& c) { return c.config().contains("cls"); });

}  // namespace
}  // namespace skipbench
