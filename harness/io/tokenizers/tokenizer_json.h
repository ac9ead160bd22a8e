// tokenizer.json: a tokenizer in one file, as Hugging Face's tokenizers library writes it. transformers 5 saves nothing
// else (beside tokenizer_config.json); transformers 4 saves it beside vocab.json and merges.txt.
#pragma once

#include <filesystem>
#include <vector>

#include "harness/io/tokenizers/clip_tokenizer.h"

namespace skipbench {

struct TokenizerJson {
  BytePairEncoding encoding;
  std::vector<ClipTokenizerConfig::Added> added;
  std::string bos_token, eos_token;  // what the post-processor puts around a text
  bool splits_specials =
      false;  // whether the pattern of words knows <|startoftext|> and <|endoftext|>, as transformers 5's does
};

// Reads the tokenizer of CLIP. Padding and truncation are left from the last call before the file was saved and not
// read, but for their direction, which transformers does take over. Throws Error naming file and place;
// UnsupportedError for a model, normaliser, pre-tokeniser or post-processor that is not CLIP's.
TokenizerJson ReadTokenizerJson(const std::filesystem::path& file);

}  // namespace skipbench
