#include "harness/pipelines/text_encoder.h"

#include <ATen/ATen.h>

#include "harness/base/error.h"

namespace skipbench {

ClipTextOutput TextEncoder::Encode(const std::vector<std::string>& texts, at::Device device) const {
  std::vector<at::Tensor> rows;
  for (const auto& text : texts) rows.push_back(at::tensor(tokenizer.Encode(text), at::kLong));
  return model->Forward(at::stack(rows).to(device));
}

CLIPTextModel::Config ReadTextConfig(const ModelSource& source, const std::string& component) {
  auto config = ParseConfigOf<CLIPTextModel>(source, component);
  config.with_projection = source.index().ClassOf(component) == "CLIPTextModelWithProjection";
  return config;
}

TextEncoder OpenTextEncoder(const ModelSource& source, const std::string& suffix, ClipVariant variant,
                            WeightsOptions options) {
  auto tokenizer = source.OpenTokenizer("tokenizer" + suffix, variant);
  auto model = LoadComponent<CLIPTextModel>(source, "text_encoder" + suffix, std::move(options));
  if (tokenizer.max_id() >= model->config().vocab_size)
    Fail("{}: the tokenizer{} knows ids up to {}, the text encoder only {} tokens: they do not belong together",
         source.path().string(), suffix, tokenizer.max_id(), model->config().vocab_size);
  return {std::move(tokenizer), std::move(model)};
}

at::Tensor EncodeRows(int64_t n, bool one_by_one,
                      const std::function<at::Tensor(int64_t begin, int64_t count)>& encode) {
  if (!one_by_one) return encode(0, n);
  std::vector<at::Tensor> rows;
  for (int64_t i = 0; i < n; ++i) rows.push_back(encode(i, 1));
  return at::cat(rows);
}

at::Tensor EncodeTokens(const TextEncoder& encoder, const std::vector<std::string>& texts, bool one_by_one,
                        at::Device device, const std::function<at::Tensor(const ClipTextOutput&)>& pick) {
  return EncodeRows(static_cast<int64_t>(texts.size()), one_by_one, [&](int64_t i, int64_t count) {
    return pick(encoder.Encode({texts.begin() + i, texts.begin() + i + count}, device));
  });
}

}  // namespace skipbench
