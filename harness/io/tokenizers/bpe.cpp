#include "harness/io/tokenizers/bpe.h"

#include <queue>
#include <set>

#include "harness/base/error.h"
#include "harness/base/json.h"
#include "harness/base/text.h"
#include "harness/io/files/mapped_file.h"
#include "harness/io/tokenizers/clip_text.h"

namespace skipbench {
namespace {

constexpr size_t kMaxFile = size_t{64} << 20;
constexpr size_t kMaxMerges = 49152 - 256 - 2;  // CLIPTokenizer reads no more
constexpr std::string_view kEndOfWord = "</w>";

// GPT-2's spelling of a byte: itself where it is printable in Latin-1, else U+0100 and the following in order.
std::array<std::string, 256> ByteSpellings() {
  std::array<std::string, 256> spellings;
  char32_t next = 0x100;
  for (int b = 0; b < 256; ++b) {
    const bool printable = (b >= '!' && b <= '~') || (b >= 0xA1 && b <= 0xAC) || (b >= 0xAE && b <= 0xFF);
    spellings[static_cast<size_t>(b)] = EncodeUtf8(std::u32string(1, printable ? static_cast<char32_t>(b) : next++));
  }
  return spellings;
}

std::string_view View(const MappedFile& file) {
  if (file.bytes().size() > kMaxFile)
    Fail("{}: {} bytes; at most {} were expected", file.path().string(), file.bytes().size(), kMaxFile);
  return {reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size()};
}

// A word while its symbols are merged: a doubly linked list in an array, and the mergeable pairs by rank and place.
struct Symbol {
  int32_t id;
  int32_t previous, next;  // -1: none
};
struct Pair {
  int32_t rank, place;  // place: of the left symbol
  int32_t left, right;  // ids when the pair was found; the pair is stale when they have changed
  bool operator>(const Pair& o) const { return std::pair(rank, place) > std::pair(o.rank, o.place); }
};

}  // namespace

BytePairEncoding BytePairEncoding::Load(const std::filesystem::path& vocab, const std::filesystem::path& merges) {
  const MappedFile vocab_file(vocab), merges_file(merges);
  return Parse(View(vocab_file), vocab.string(), View(merges_file), merges.string());
}

BytePairEncoding BytePairEncoding::Parse(std::string_view vocab, const std::string& vocab_name, std::string_view merges,
                                         const std::string& merges_name) {
  BytePairEncoding result = FromVocab(ParseJson(vocab, vocab_name), vocab_name);
  result.ReadMerges(merges, merges_name, vocab_name);
  return result;
}

BytePairEncoding BytePairEncoding::FromVocab(const Json& json, const std::string& name) {
  BytePairEncoding result;
  const JsonReader reader(json, name);
  std::set<int64_t> ids;
  for (const auto& [token, id] : json.items()) {
    const std::string where = Printable(token);
    if (!id.is_number_integer() || (id.is_number_unsigned() && id.get<uint64_t>() > INT32_MAX) || id.get<int64_t>() < 0)
      Fail("{}: token \"{}\": expected an id (an integer in [0, {}]), found {}", name, where, INT32_MAX, Describe(id));
    if (!ids.insert(id.get<int64_t>()).second)
      Fail("{}: token \"{}\": its id {} is given to another token too", name, where, id.get<int64_t>());
    result.vocab_.emplace(token, static_cast<int32_t>(id.get<int64_t>()));
  }
  if (!ids.empty()) result.max_id_ = *ids.rbegin();
  const auto spellings = ByteSpellings();
  for (size_t b = 0; b < 256; ++b) {
    for (const bool last : {false, true}) {
      const std::string token = spellings[b] + std::string(last ? kEndOfWord : "");
      const auto found = result.Find(token);
      if (!found)
        Fail("{}: has no entry \"{}\", which stands for byte {}{}", name, token, b, last ? " at a word's end" : "");
      (last ? result.last_byte_ids_ : result.byte_ids_)[b] = static_cast<int32_t>(*found);
    }
  }
  return result;
}

void BytePairEncoding::ReadMerges(std::string_view text, const std::string& name, const std::string& vocab_name) {
  text = text.substr(0, text.find_last_not_of("\n\r ") + 1);
  size_t line_number = 0;
  while (!text.empty() && merges_.size() < kMaxMerges) {
    ++line_number;
    const size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line_number == 1) {
      if (line.find("#version") == std::string_view::npos)
        Fail("{}:1: expected a line that says \"#version: ...\", found \"{}\"", name, Printable(line));
      continue;
    }
    const size_t space = line.find(' ');
    if (space == std::string_view::npos || space == 0 || space + 1 == line.size() ||
        line.find_first_of(" \t\r\v\f", space + 1) != std::string_view::npos)
      Fail("{}:{}: expected two symbols with a space between, found \"{}\"", name, line_number, Printable(line));
    AddMerge(std::string(line.substr(0, space)), std::string(line.substr(space + 1)),
             fmt::format("{}:{}", name, line_number), vocab_name);
  }
}

void BytePairEncoding::AddMerge(const std::string& left, const std::string& right, const std::string& where,
                                const std::string& vocab_name) {
  const std::string line = Printable(left + " " + right);
  auto id_of = [&](const std::string& token) {
    const auto found = Find(token);
    if (!found) Fail("{}: \"{}\": \"{}\" is not in {}", where, line, Printable(token), vocab_name);
    return static_cast<int32_t>(*found);
  };
  const Merge merge{static_cast<int32_t>(merges_.size()), id_of(left + right)};
  if (!merges_.emplace(Key(id_of(left), id_of(right)), merge).second)
    Fail("{}: the merge \"{}\" is there twice", where, line);
}

std::optional<int64_t> BytePairEncoding::Find(const std::string& token) const {
  const auto found = vocab_.find(token);
  if (found == vocab_.end()) return std::nullopt;
  return found->second;
}

void BytePairEncoding::Encode(std::string_view word, std::vector<int64_t>& tokens) const {
  if (word.size() > INT32_MAX) Fail("a word of {} bytes is too long to be tokenised", word.size());
  const auto size = static_cast<int32_t>(word.size());
  std::vector<Symbol> symbols;
  for (int32_t i = 0; i < size; ++i) {
    const auto byte = static_cast<unsigned char>(word[i]);
    const bool last = i + 1 == size;
    symbols.push_back({(last ? last_byte_ids_ : byte_ids_)[byte], i - 1, last ? -1 : i + 1});
  }
  std::priority_queue<Pair, std::vector<Pair>, std::greater<>> pairs;
  auto consider = [&](int32_t place) {
    if (place < 0 || symbols[place].next < 0) return;
    const int32_t left = symbols[place].id, right = symbols[symbols[place].next].id;
    const auto found = merges_.find(Key(left, right));
    if (found != merges_.end()) pairs.push({found->second.rank, place, left, right});
  };
  for (int32_t i = 0; i + 1 < size; ++i) consider(i);

  std::vector<int32_t> merged;  // places of one round, whose neighbours make new pairs
  while (!pairs.empty()) {
    // The published tokenizer merges all occurrences of the best pair, left to right, before it looks again.
    const int32_t rank = pairs.top().rank;
    merged.clear();
    for (; !pairs.empty() && pairs.top().rank == rank; pairs.pop()) {
      const Pair pair = pairs.top();
      Symbol& left = symbols[pair.place];
      if (left.id != pair.left || left.next < 0 || symbols[left.next].id != pair.right) continue;
      Symbol& right = symbols[left.next];
      left.id = merges_.at(Key(pair.left, pair.right)).result;
      left.next = right.next;
      right.id = -1;  // gone; pairs that begin here are stale
      if (left.next >= 0) symbols[left.next].previous = pair.place;
      merged.push_back(pair.place);
    }
    for (int32_t place : merged) {
      if (symbols[place].id < 0) continue;
      consider(symbols[place].previous);
      consider(place);
    }
  }
  for (int32_t i = size > 0 ? 0 : -1; i >= 0; i = symbols[i].next) tokens.push_back(symbols[i].id);
}

}  // namespace skipbench
