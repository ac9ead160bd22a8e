// Text encoders against transformers: ids of texts, every hidden state, pooled outputs; and what diffusers' pipelines
// make of prompts.
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

// Prompts have no rounding of their own in the manifest: that of the model's encoders, the largest, counts.
testing::Rounding RoundingOfEncoders(const DitCase& prompt) {
  testing::Rounding most;
  const auto same_model = [&](const DitCase& c) { return c.json.at("model") == prompt.json.at("model"); };
  for (const DitCase& c : testing::DitCases("text_encoder", same_model)) {
    const testing::Rounding one = testing::RoundingOf(c);
    most = {std::max(most.max_abs, one.max_abs), std::max(most.relative_rms, one.relative_rms)};
  }
  return most;
}

void CheckPrompts(const DitCase& c, const Tensors& expected) {
  const auto prompts = c.config().at("prompts").get<std::vector<std::string>>();
  const std::vector<std::string> negative(prompts.size(), c.config().at("negative").get<std::string>());
  const int64_t length = c.config().at("max_length");
  const auto encode = [&](const std::vector<std::string>& texts) -> PromptTensors {
    const auto folder = [&](const char* name) { return c.model() / name; };
    const auto t5 = [&](const char* tokenizer, const char* encoder) {
      return LoadT5TextEncoder(folder(tokenizer), folder(encoder), ClipVariant::kFast);
    };
    const std::string model = c.model().filename().string();
    if (model.starts_with("pixart"))
      return EncodePixArtPrompts(t5("tokenizer", "text_encoder"), texts, length, at::kCPU);
    if (model.starts_with("wan")) return EncodeWanPrompts(t5("tokenizer", "text_encoder"), texts, length, at::kCPU);
    const TextEncoder clip = LoadClip(folder("tokenizer"), folder("text_encoder"));
    if (model.starts_with("flux"))
      return EncodeFluxPrompts(clip, t5("tokenizer_2", "text_encoder_2"), texts, length, at::kCPU);
    const TextEncoder clip_2 = LoadClip(folder("tokenizer_2"), folder("text_encoder_2"));
    const T5TextEncoder t5_3 = t5("tokenizer_3", "text_encoder_3");
    return EncodeSd3Prompts(clip, clip_2, &t5_3, texts, length, t5_3.model->config().d_model, at::kCPU);
  };
  const PromptTensors positive = encode(prompts), other = encode(negative);
  const std::pair<const char*, at::Tensor> results[] = {
      {"prompt_embeds", positive.tokens},        {"negative_prompt_embeds", other.tokens},
      {"pooled_prompt_embeds", positive.pooled}, {"negative_pooled_prompt_embeds", other.pooled},
      {"prompt_attention_mask", positive.mask},  {"negative_prompt_attention_mask", other.mask}};
  size_t seen = 0;
  for (const auto& [name, value] : results) {
    if (!expected.contains(name)) continue;
    ++seen;
    ExpectClose(RoundingOfEncoders(c), name, value, expected.at(name));
  }
  EXPECT_EQ(seen, expected.size());
}

TEST_P(DitTextEncoders, EqualTransformers) {
  const DitCase& c = GetParam();
  const Tensors expected = c.tensors();
  if (!c.config().contains("cls"))
    CheckPrompts(c, expected);
  else if (c.config().at("cls").get<std::string>().find("T5") != std::string::npos)
    CheckT5(c, expected);
  else
    CheckClip(c, expected);
}

DIT_CASES(DitTextEncoders, "text_encoder");

}  // namespace
}  // namespace skipbench
