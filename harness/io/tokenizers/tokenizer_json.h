// tokenizer.json: a tokenizer in one file, as Hugging Face's tokenizers library writes it. transformers 5 saves nothing
// else (beside tokenizer_config.json); transformers 4 saves it beside vocab.json and merges.txt.
#pragma once

#include <filesystem>

#include "harness/io/tokenizers/clip_tokenizer_config.h"

namespace skipbench {

// Reads the tokenizer of CLIP; of the config: added, splits_specials, and the bos_token and eos_token that the
// post-processor puts around a text. Padding and truncation are left from the last call before the file was saved and
// not read, but for their direction, which transformers does take over. Throws Error naming file and place;
// UnsupportedError for a model, normaliser, pre-tokeniser or post-processor that is not CLIP's.
ClipTokenizerFiles ReadTokenizerJson(const std::filesystem::path& file);

}  // namespace skipbench
