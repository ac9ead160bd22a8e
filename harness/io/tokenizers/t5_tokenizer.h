// The tokenizer of T5 and UMT5: text to the ids that their encoders take. Raffel et al. 2019 (arXiv 1910.10683),
// section 2.4.2; Kudo and Richardson 2018 (sentencepiece, arXiv 1808.06226).
//
// Equal, id for id, to transformers 5: to its T5Tokenizer made from tokenizer.json, or from spiece.model where a folder
// holds only that; kSlow: to sentencepiece itself, to which special tokens inside of a text are text. Text is UTF-8;
// ill-formed parts count as U+FFFD.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "harness/io/tokenizers/clip_text.h"

namespace skipbench {

struct TokenizedText {
  std::vector<int64_t> ids;   // the text's, the end mark, padding
  std::vector<int64_t> mask;  // 1: of the text or the end mark; 0: padding
};

class T5Tokenizer {
 public:
  // Of tokenizer.json or spiece.model, and tokenizer_config.json if it is there. Throws Error naming file and place.
  static T5Tokenizer Load(const std::filesystem::path& folder, ClipVariant variant = ClipVariant::kFast);
  T5Tokenizer(T5Tokenizer&&) noexcept;
  T5Tokenizer& operator=(T5Tokenizer&&) noexcept;
  ~T5Tokenizer();

  // The text's ids and the end mark, however many.
  std::vector<int64_t> Tokenize(std::string_view text) const;
  // The same cut to `length`, the end mark being kept, or padded to it.
  TokenizedText Encode(std::string_view text, int64_t length) const;

  int64_t pad_id() const;
  int64_t max_id() const;  // the text encoder's embedding needs more rows than this

  struct Parts;

 private:
  explicit T5Tokenizer(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

// Whether a folder holds such a tokenizer: spiece.model, or a tokenizer.json whose model is Unigram.
bool HoldsT5Tokenizer(const std::filesystem::path& folder);

}  // namespace skipbench
