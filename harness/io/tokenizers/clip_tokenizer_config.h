// The files of a CLIP tokenizer: vocab.json and merges.txt or tokenizer.json, and what stands beside them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "harness/io/tokenizers/bpe.h"

namespace skipbench {

struct ClipTokenizerConfig {
  std::string bos_token = "<|startoftext|>";
  std::string eos_token = "<|endoftext|>";
  std::string unk_token = "<|endoftext|>";
  std::string pad_token = "<|endoftext|>";  // Stable Diffusion XL's second tokenizer and some others: "!"
  int64_t model_max_length = 77;            // tokens of a padded text, both ends included
  // Further added tokens by id, as tokenizer_config.json lists them; the four above are added in any case.
  struct Added {
    int64_t id = 0;
    std::string content;
    bool normalized = false;
  };
  std::vector<Added> added;
  bool splits_specials = false;  // kFast: see SplitClipWords()
};

// Reads tokenizer_config.json, special_tokens_map.json and added_tokens.json as transformers does.
ClipTokenizerConfig ReadClipTokenizerConfig(const std::filesystem::path& folder);

// What a tokenizer's folder holds.
struct ClipTokenizerFiles {
  BytePairEncoding encoding;
  ClipTokenizerConfig config;
};
// A folder with vocab.json and merges.txt or, in place of the two, tokenizer.json; and, if they are there,
// tokenizer_config.json, special_tokens_map.json and added_tokens.json. Throws Error naming file and place; what is not
// CLIP's and options that are not implemented are refused by name.
ClipTokenizerFiles ReadClipTokenizer(const std::filesystem::path& folder);

// Whether a folder holds a tokenizer at all, and whether it holds it as tokenizer.json alone, from which transformers
// makes the fast tokenizer only.
bool HoldsTokenizer(const std::filesystem::path& folder);
bool HoldsOnlyTokenizerJson(const std::filesystem::path& folder);

// tokenizer.json: a tokenizer in one file, as Hugging Face's tokenizers library writes it. transformers 5 saves nothing
// else (beside tokenizer_config.json); transformers 4 saves it beside vocab.json and merges.txt.
//
// Reads the tokenizer of CLIP; of the config: added, splits_specials, and the bos_token and eos_token that the
// post-processor puts around a text. Padding and truncation are left from the last call before the file was saved and
// not read, but for their direction, which transformers does take over. Throws Error naming file and place;
// UnsupportedError for a model, normaliser, pre-tokeniser or post-processor that is not CLIP's.
ClipTokenizerFiles ReadTokenizerJson(const std::filesystem::path& file);

}  // namespace skipbench
