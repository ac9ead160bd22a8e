// A unigram model: a text is cut into the pieces whose scores (log probabilities) have the largest sum. Kudo 2018,
// "Subword Regularization" (arXiv 1804.10959), section 3.2, as Hugging Face's tokenizers do it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace skipbench {

struct UnigramPiece {
  std::string text;  // UTF-8
  double score = 0;
};

class Unigram {
 public:
  // The id of a piece is its place. Throws Error where there are no pieces, a score is not finite, a piece is empty, or
  // `unk_id` is no piece. `origin` is for messages.
  Unigram(std::vector<UnigramPiece> pieces, std::optional<int64_t> unk_id, bool byte_fallback,
          const std::string& origin);

  // Appends the ids of `text`. Characters that no piece has count 10 less than the lowest score each; a run of them
  // becomes one unk_id, or, with byte_fallback, the pieces <0x00> to <0xFF> of its bytes where all of them exist.
  void Encode(std::string_view text, std::vector<int64_t>& ids) const;

  std::optional<int64_t> Find(std::string_view piece) const;
  int64_t size() const { return static_cast<int64_t>(scores_.size()); }

 private:
  void AppendUnknown(std::string_view text, std::vector<int64_t>& ids) const;

  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };
  std::unordered_map<std::string, int64_t, Hash, std::equal_to<>> ids_;
  std::vector<double> scores_;
  size_t longest_ = 0;  // bytes of the longest piece
  double unk_score_ = 0;
  int64_t unk_id_ = 0;
  bool byte_fallback_ = false;
};

}  // namespace skipbench
