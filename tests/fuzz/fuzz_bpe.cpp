// The first bytes choose what is broken: a vocabulary of its own, or merges (and a word) over a sound vocabulary.
#include <map>

#include "harness/base/json.h"
#include "harness/base/text.h"
#include "harness/io/tokenizers/bpe.h"
#include "tests/fuzz/fuzz.h"

namespace {

// The 512 byte symbols and all pairs of five letters, so that merges have something to name.
const skipbench::BytePairEncoding& SoundVocabulary() {
  static const skipbench::BytePairEncoding encoding = [] {
    skipbench::Json vocab = skipbench::Json::object();
    for (const char* end : {"", "</w>"})
      for (char32_t c = 0; c < 0x144; ++c) {
        const std::string symbol = skipbench::EncodeUtf8(std::u32string(1, c));
        vocab[symbol + end] = vocab.size();
      }
    const std::string letters = "abcde";
    for (char a : letters)
      for (char b : letters)
        for (const char* end : {"", "</w>"}) vocab[std::string{a, b} + end] = vocab.size();
    for (char a : letters)
      for (char b : letters)
        for (char c : letters) vocab[std::string{a, b, c}] = vocab.size();
    return skipbench::BytePairEncoding::FromVocab(vocab, "vocab");
  }();
  return encoding;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace skipbench;
  if (size == 0) return 0;
  const std::string_view text = fuzz::Text(data + 1, size - 1);
  return fuzz::Try([&] {
    if (data[0] & 1) {
      BytePairEncoding::FromVocab(ParseJson(text, "vocab"), "vocab");
      return;
    }
    const size_t cut = text.find('\0');
    BytePairEncoding encoding = SoundVocabulary();
    encoding.ReadMerges(text.substr(0, cut), "merges", "vocab");
    const std::string_view word = cut == std::string_view::npos ? "abcde" : text.substr(cut + 1);
    std::vector<int64_t> tokens;
    encoding.Encode(word, tokens);
    if (tokens.size() > word.size() || (tokens.empty() && !word.empty())) __builtin_trap();
  });
}
