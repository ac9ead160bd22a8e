// tokenizer.json of a Unigram tokenizer, as Hugging Face's tokenizers library writes it.
#pragma once

#include <filesystem>
#include <vector>

#include "harness/io/tokenizers/added_tokens.h"
#include "harness/io/tokenizers/text_steps.h"
#include "harness/io/tokenizers/unigram.h"

namespace skipbench {

struct UnigramParts {
  Unigram model;
  TextNormalizer normalizer;  // empty: texts stay as they are
  TextSplitter splitter;      // empty: a text is one word
  std::vector<FoundToken> added;
  std::vector<int64_t> before, behind;  // what the post-processor puts around a text
};

// Padding and truncation are left from the last call before the file was saved and not read, but for their direction.
// Throws Error naming file and place; UnsupportedError for a model that is not Unigram and for parts that are not
// implemented.
UnigramParts ReadUnigramJson(const std::filesystem::path& file);

}  // namespace skipbench
