#include "harness/io/tokenizers/sentencepiece_module.h"

#include <sentencepiece_processor.h>

#include <memory>

using sentencepiece::SentencePieceProcessor;

void* SkipbenchSentencePieceLoad(const std::string& model, std::string* error) {
  auto processor = std::make_unique<SentencePieceProcessor>();
  const auto status = processor->LoadFromSerializedProto(model);
  *error = status.ToString();
  return status.ok() ? processor.release() : nullptr;
}

bool SkipbenchSentencePieceEncode(const void* processor, const std::string& text, std::vector<int>* ids,
                                  std::string* error) {
  const auto status = static_cast<const SentencePieceProcessor*>(processor)->Encode(text, ids);
  *error = status.ToString();
  return status.ok();
}

void SkipbenchSentencePieceFree(void* processor) { delete static_cast<SentencePieceProcessor*>(processor); }
