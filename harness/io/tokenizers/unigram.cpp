#include "harness/io/tokenizers/unigram.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "harness/base/error.h"
#include "harness/base/text.h"

namespace skipbench {
namespace {

constexpr double kUnknownPenalty = 10;

// Bytes of the UTF-8 character that begins with `first`; 1 for what is not UTF-8.
size_t CharacterBytes(char first) {
  const auto c = static_cast<unsigned char>(first);
  return c >= 0xF0 ? 4 : c >= 0xE0 ? 3 : c >= 0xC0 ? 2 : 1;
}

}  // namespace

Unigram::Unigram(std::vector<UnigramPiece> pieces, std::optional<int64_t> unk_id, bool byte_fallback,
                 const std::string& origin)
    : byte_fallback_(byte_fallback) {
  if (pieces.empty()) Fail("{}: the vocabulary is empty", origin);
  double lowest = HUGE_VAL;
  for (size_t id = 0; id < pieces.size(); ++id) {
    const auto& [text, score] = pieces[id];
    if (text.empty()) Fail("{}: piece {} is empty", origin, id);
    if (!std::isfinite(score))
      Fail("{}: the score of piece {} \"{}\" is not finite: {}", origin, id, Printable(text), score);
    lowest = std::min(lowest, score);
    longest_ = std::max(longest_, text.size());
    scores_.push_back(score);
    ids_[text] = static_cast<int64_t>(id);  // given twice: the last counts, as there
  }
  unk_score_ = lowest - kUnknownPenalty;
  if (!unk_id) Fail("{}: unk_id: expected the id of a piece for unknown text, found none", origin);
  if (*unk_id < 0 || *unk_id >= size())
    Fail("{}: unk_id: expected the id of one of {} pieces, found {}", origin, size(), *unk_id);
  unk_id_ = *unk_id;
}

std::optional<int64_t> Unigram::Find(std::string_view piece) const {
  const auto found = ids_.find(piece);
  return found == ids_.end() ? std::nullopt : std::optional(found->second);
}

void Unigram::Encode(std::string_view text, std::vector<int64_t>& ids) const {
  struct End {  // the best way to cut what ends here
    double score = 0;
    size_t begin = SIZE_MAX;  // of its last piece
    int64_t id = 0;
  };
  std::vector<End> ends(text.size() + 1);
  const auto offer = [&](size_t begin, size_t end, int64_t id, double score) {
    const double sum = ends[begin].score + score;
    if (ends[end].begin == SIZE_MAX || sum > ends[end].score) ends[end] = {sum, begin, id};
  };
  for (size_t begin = 0; begin < text.size();) {
    const size_t character = std::min(CharacterBytes(text[begin]), text.size() - begin);
    bool known = false;
    const size_t most = std::min(longest_, text.size() - begin);
    for (size_t bytes = character; bytes <= most;) {
      if (const auto id = Find(text.substr(begin, bytes))) {
        offer(begin, begin + bytes, *id, scores_[static_cast<size_t>(*id)]);
        known = known || bytes == character;
      }
      if (begin + bytes == text.size()) break;
      bytes += CharacterBytes(text[begin + bytes]);
    }
    if (!known) offer(begin, begin + character, unk_id_, unk_score_);
    begin += character;
  }
  std::vector<std::pair<size_t, size_t>> cuts;  // from the end; neighbouring unknowns as one
  std::vector<bool> unknown;
  for (size_t end = text.size(); end > 0; end = ends[end].begin) {
    const bool is_unknown = ends[end].id == unk_id_;
    if (is_unknown && !cuts.empty() && unknown.back()) {
      cuts.back().first = ends[end].begin;
    } else {
      cuts.emplace_back(ends[end].begin, end);
      unknown.push_back(is_unknown);
    }
  }
  for (size_t i = cuts.size(); i-- > 0;) {
    const auto& [begin, end] = cuts[i];
    if (unknown[i])
      AppendUnknown(text.substr(begin, end - begin), ids);
    else
      ids.push_back(ends[end].id);
  }
}

void Unigram::AppendUnknown(std::string_view text, std::vector<int64_t>& ids) const {
  if (const auto id = Find(text)) return ids.push_back(*id);
  if (byte_fallback_) {
    std::vector<int64_t> bytes;
    for (const char c : text)
      if (const auto id = Find(fmt::format("<0x{:02X}>", static_cast<unsigned char>(c)))) bytes.push_back(*id);
    if (bytes.size() == text.size()) return ids.insert(ids.end(), bytes.begin(), bytes.end()), void();
  }
  ids.push_back(unk_id_);
}

}  // namespace skipbench
