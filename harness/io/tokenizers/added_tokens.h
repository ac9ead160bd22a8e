// Tokens that are found in a text as they are, before a model cuts it: Hugging Face's tokenizers' AddedVocabulary.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/base/json.h"

namespace skipbench {

struct FoundToken {
  std::string content;  // UTF-8
  int64_t id = 0;
  bool normalized = true;    // looked for in the normalised text
  bool lstrip = false;       // takes the white space on its left along
  bool rstrip = false;       // and on its right
  bool single_word = false;  // not inside of a word
};
// {"content": ..., "lstrip": ...} of a tokenizer.json or a tokenizer_config.json, whose id stands elsewhere.
FoundToken ReadFoundToken(const JsonReader& json, int64_t id);

class AddedTokens {
 public:
  // A token whose content is there already, or empty, is left out.
  void Add(FoundToken token);
  // Cuts `text`: calls `piece` with what lies between tokens, never empty, and whether it begins the text; `token` with
  // the id of each, the longest at a place.
  void Cut(const std::string& text, const std::function<void(const std::string&, bool first)>& piece,
           const std::function<void(int64_t id)>& token) const;
  const std::vector<FoundToken>& tokens() const { return tokens_; }

 private:
  std::vector<FoundToken> tokens_;  // longest first
};

}  // namespace skipbench
