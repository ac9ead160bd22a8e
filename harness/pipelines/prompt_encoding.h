// What the transformers are given of a prompt: the text encoders of PixArt, SD3, FLUX and Wan, as their pipelines in
// diffusers use them (encode_prompt).
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "harness/io/tokenizers/t5_tokenizer.h"
#include "harness/models/t5_encoder.h"
#include "harness/pipelines/text_encoder.h"

namespace skipbench {

struct T5TextEncoder {
  T5Tokenizer tokenizer;
  std::unique_ptr<T5EncoderModel> model;
};

// The folders of a tokenizer and of a T5EncoderModel or UMT5EncoderModel. Throws Error when they do not belong
// together.
T5TextEncoder LoadT5TextEncoder(const std::filesystem::path& tokenizer, const std::filesystem::path& encoder,
                                ClipVariant variant, WeightsOptions options = {});
// The components "tokenizer" and "text_encoder" with `suffix`. `variant` as the options of a pipeline name it.
T5TextEncoder OpenT5TextEncoder(const ModelSource& source, const std::string& suffix, const std::string& variant,
                                WeightsOptions options);

// Of n prompts.
struct PromptTensors {
  at::Tensor tokens;  // [n, L, D]
  at::Tensor mask;    // int64 [n, L], 1: a token that counts; undefined where all count
  at::Tensor pooled;  // [n, P]; undefined where the transformer takes none
};

// What `encode` makes of all prompts at once, or with `one_by_one` of each alone, put together.
PromptTensors EncodeEach(const std::vector<std::string>& prompts, bool one_by_one,
                         const std::function<PromptTensors(const std::vector<std::string>&)>& encode);

// PixArt: lower case, no white space around; `length` tokens of T5 with its mask. Of diffusers' clean_caption, which
// needs Python's BeautifulSoup and ftfy and is left out there where those are missing, nothing is done.
PromptTensors EncodePixArtPrompts(const T5TextEncoder& t5, const std::vector<std::string>& prompts, int64_t length,
                                  at::Device device);

// SD3: of both CLIP encoders the last but one hidden state, side by side along the channels and padded with zeros to
// T5's `width`, then `length` tokens of T5 without a mask. Pooled: both projections. `t5` null: zeros in its place.
PromptTensors EncodeSd3Prompts(const TextEncoder& clip, const TextEncoder& clip_2, const T5TextEncoder* t5,
                               const std::vector<std::string>& prompts, int64_t length, int64_t width,
                               at::Device device);

// FLUX: `length` tokens of T5 without a mask; pooled: CLIP's last hidden state at the end of the text.
PromptTensors EncodeFluxPrompts(const TextEncoder& clip, const T5TextEncoder& t5,
                                const std::vector<std::string>& prompts, int64_t length, at::Device device);

// Wan: the text cleaned (CleanWanPrompt), `length` tokens of UMT5 with its mask; what lies behind the end mark is zero.
PromptTensors EncodeWanPrompts(const T5TextEncoder& umt5, const std::vector<std::string>& prompts, int64_t length,
                               at::Device device);

// HTML's character references resolved twice and white space collapsed, as Wan's pipeline does where ftfy is not
// installed. Throws Error for a reference by a name that HTML knows with a ; only, other than apos.
std::string CleanWanPrompt(const std::string& prompt);

// str.lower().strip() of Python.
std::string CleanPixArtPrompt(const std::string& prompt);

}  // namespace skipbench
