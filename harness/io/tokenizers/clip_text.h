// What happens to a text before byte-pair encoding: CLIP's normalisation and its split into words, as transformers'
// CLIPTokenizer (without ftfy) and CLIPTokenizerFast do it. Used by clip_tokenizer.cpp.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace skipbench {

enum class ClipVariant {
  kSlow,  // CLIPTokenizer where ftfy is not installed: BERT's BasicTokenizer cleans the text
  kFast,  // CLIPTokenizerFast
};

// kSlow: control, unassigned and private-use characters dropped, CJK ideographs set apart by spaces, NFC, white space
// collapsed and trimmed, lower case (full mapping, with the final sigma).
// kFast: NFC, runs of white space to one space, lower case (full mapping, character by character).
std::u32string NormalizeClipText(const std::u32string& text, ClipVariant variant);

// The matches of CLIP's pattern, left to right: contractions ('s 't 're 've 'm 'll 'd), runs of letters, single
// numbers, runs of anything else that is not white space. kSlow also knows <|startoftext|> and <|endoftext|> and
// ignores case; `specials`: kFast cuts at these two as well, as transformers 5 does. Views into `text`.
std::vector<std::u32string_view> SplitClipWords(const std::u32string& text, ClipVariant variant, bool specials = false);

}  // namespace skipbench
