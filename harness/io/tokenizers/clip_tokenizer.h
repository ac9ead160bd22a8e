// CLIP's tokenizer: text to the ids that CLIPTextModel takes.
//
// Equal, id for id, to transformers: kSlow to CLIPTokenizer of version 4.57 as it runs where ftfy is not installed,
// kFast to CLIPTokenizerFast of version 4.57 and to the CLIPTokenizer of version 5. Text is UTF-8; ill-formed parts
// count as U+FFFD. Radford et al. 2021, section 2.4.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "harness/io/tokenizers/bpe.h"
#include "harness/io/tokenizers/clip_text.h"
#include "harness/io/tokenizers/clip_tokenizer_config.h"

namespace skipbench {

// A token that is found in the text as it is, before anything else happens to it.
struct AddedToken {
  std::u32string content;
  int64_t id = 0;
  bool normalized = false;  // kFast: looked for after normalisation instead
};

class ClipTokenizer {
 public:
  // Of the files that ReadClipTokenizer() reads.
  static ClipTokenizer Load(const std::filesystem::path& folder, ClipVariant variant = ClipVariant::kSlow);
  // `origin`: a name for messages about tokens that the vocabulary lacks.
  ClipTokenizer(BytePairEncoding encoding, const ClipTokenizerConfig& config, ClipVariant variant,
                const std::string& origin);

  // bos, the text's tokens, eos, padded to max_length() or truncated to it (the last id is then eos).
  std::vector<int64_t> Encode(std::string_view text) const;
  // The text's tokens alone, however many.
  std::vector<int64_t> Tokenize(std::string_view text) const;

  int64_t bos_id() const { return bos_id_; }
  int64_t eos_id() const { return eos_id_; }
  int64_t pad_id() const { return pad_id_; }
  int64_t max_length() const { return max_length_; }
  int64_t max_id() const { return max_id_; }  // the text encoder's embedding needs more rows than this
  ClipVariant variant() const { return variant_; }

 private:
  void Add(AddedToken token);
  void TokenizeText(const std::u32string& text, std::vector<int64_t>& ids) const;
  void TokenizeNormalized(const std::u32string& text, std::vector<int64_t>& ids) const;

  BytePairEncoding encoding_;
  ClipVariant variant_;
  bool splits_specials_ = false;
  std::vector<AddedToken> added_;             // looked for in the raw text, longest first
  std::vector<AddedToken> added_normalized_;  // looked for in the normalised text (kFast), longest first
  int64_t bos_id_ = 0, eos_id_ = 0, pad_id_ = 0, max_length_ = 0, max_id_ = 0;
};

}  // namespace skipbench
