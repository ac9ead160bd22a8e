// sentencepiece's table of characters ("precompiled_charsmap"): what a piece of text is replaced by before it is cut
// into words, as NFKC with exceptions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace skipbench {

class CharacterMap {
 public:
  // The table as spiece.model holds it: the size of a trie in bytes, the trie (darts-clone's double array), and the
  // replacements, each ending in a zero byte. Throws Error for one that leads outside of itself. `origin` is for
  // messages.
  static CharacterMap Parse(std::string_view bytes, const std::string& origin);
  // The same in base64, as tokenizer.json holds it.
  static CharacterMap ParseBase64(const std::string& text, const std::string& origin);

  // UTF-8 to UTF-8, as Hugging Face's tokenizers do it: a cluster of less than six bytes is replaced as a whole by what
  // stands for its shortest beginning, any other character by character.
  std::string Normalize(std::string_view text) const;

 private:
  // What stands for the shortest beginning of `text` that the table has.
  std::optional<std::string_view> Find(std::string_view text) const;

  std::vector<uint32_t> trie_;
  std::string replacements_;
};

}  // namespace skipbench
