// spiece.model: a sentencepiece model, a protocol buffer (sentencepiece_model.proto of google/sentencepiece).
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/io/tokenizers/character_map.h"
#include "harness/io/tokenizers/unigram.h"

namespace skipbench {

struct SpieceModel {
  std::vector<UnigramPiece> pieces;  // ids in order
  int64_t unk_id = 0;
  bool byte_fallback = false;
  std::optional<CharacterMap> character_map;  // absent: texts stay as they are
  std::string bytes;                          // the file
};

// Throws Error naming file and place for what is no such model, has no piece for unknown text or more than one, pieces
// that are empty, given twice or no UTF-8, and scores that are not finite; UnsupportedError for one that is no Unigram.
SpieceModel ReadSpieceModel(const std::filesystem::path& file);
SpieceModel ParseSpieceModel(std::string bytes, const std::string& origin);

}  // namespace skipbench
