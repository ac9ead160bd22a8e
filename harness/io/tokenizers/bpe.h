// Byte-pair encoding from vocab.json and merges.txt in Hugging Face's format: a word's UTF-8 bytes, each spelled as a
// printable character, the last one with "</w>", merged pair by pair in order of the merges' ranks.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "harness/base/json.h"

namespace skipbench {

class BytePairEncoding {
 public:
  // Throws Error naming file and line: malformed JSON, ids that are negative or given twice, bytes without an entry, a
  // merge that is not two symbols, is given twice, or whose parts or result are not in the vocabulary.
  static BytePairEncoding Load(const std::filesystem::path& vocab, const std::filesystem::path& merges);
  // The same from text; the names are for messages.
  static BytePairEncoding Parse(std::string_view vocab, const std::string& vocab_name, std::string_view merges,
                                const std::string& merges_name);

  // Of a vocabulary as a JSON object, without merges.
  static BytePairEncoding FromVocab(const Json& vocab, const std::string& vocab_name);
  // Adds the merges of a text like merges.txt; the next merge by rank, that stands at `where`.
  void ReadMerges(std::string_view merges, const std::string& merges_name, const std::string& vocab_name);
  void AddMerge(const std::string& left, const std::string& right, const std::string& where,
                const std::string& vocab_name);

  // Appends the tokens of one word (UTF-8, not empty).
  void Encode(std::string_view word, std::vector<int64_t>& tokens) const;
  std::optional<int64_t> Find(const std::string& token) const;
  int64_t size() const { return static_cast<int64_t>(vocab_.size()); }
  int64_t max_id() const { return max_id_; }

 private:
  struct Merge {
    int32_t rank = 0;
    int32_t result = 0;
  };
  static uint64_t Key(int32_t left, int32_t right) {
    return static_cast<uint64_t>(static_cast<uint32_t>(left)) << 32 | static_cast<uint32_t>(right);
  }

  std::unordered_map<std::string, int32_t> vocab_;
  std::unordered_map<uint64_t, Merge> merges_;
  std::array<int32_t, 256> byte_ids_{};       // of a byte inside a word
  std::array<int32_t, 256> last_byte_ids_{};  // of a word's last byte
  int64_t max_id_ = -1;
};

}  // namespace skipbench
