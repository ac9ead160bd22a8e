// A tokenizer and the text encoder behind it.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "harness/io/tokenizers/clip_tokenizer.h"
#include "harness/models/clip_text.h"
#include "harness/pipelines/model_source.h"

namespace skipbench {

struct TextEncoder {
  ClipTokenizer tokenizer;
  std::unique_ptr<CLIPTextModel> model;

  // Of all texts in one batch, on `device`.
  ClipTextOutput Encode(const std::vector<std::string>& texts, at::Device device) const;
};

// Config of a text encoder component: CLIPTextModel or CLIPTextModelWithProjection.
CLIPTextModel::Config ReadTextConfig(const ModelSource& source, const std::string& component);

// The components "text_encoder" and "tokenizer" with `suffix` ("" or "_2"). Throws Error when they do not belong
// together.
TextEncoder OpenTextEncoder(const ModelSource& source, const std::string& suffix, ClipVariant variant,
                            WeightsOptions options);

// Of `n` rows what `encode` gives of all of them at once, or with `one_by_one` of each alone, put together.
at::Tensor EncodeRows(int64_t n, bool one_by_one,
                      const std::function<at::Tensor(int64_t begin, int64_t count)>& encode);

// Tokens [n, L, D] of texts: `pick` says what of the encoder's output the network is conditioned on.
at::Tensor EncodeTokens(const TextEncoder& encoder, const std::vector<std::string>& texts, bool one_by_one,
                        at::Device device, const std::function<at::Tensor(const ClipTextOutput&)>& pick);

}  // namespace skipbench
