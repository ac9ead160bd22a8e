// Texts for both variants over a sound vocabulary; with the first byte odd, a tokenizer_config.json instead, or with
// the next bit a tokenizer.json.
#include "harness/base/json.h"
#include "harness/base/text.h"
#include "harness/io/tokenizers/clip_tokenizer.h"
#include "harness/io/tokenizers/clip_tokenizer_config.h"
#include "tests/fuzz/fuzz.h"

namespace {

skipbench::BytePairEncoding Encoding() {
  skipbench::Json vocab = skipbench::Json::object();
  for (const char* end : {"", "</w>"})
    for (char32_t c = 0; c < 0x144; ++c) {
      const std::string symbol = skipbench::EncodeUtf8(std::u32string(1, c));
      vocab[symbol + end] = vocab.size();
    }
  for (const char* symbol : {"th", "the</w>", "<|startoftext|>", "<|endoftext|>"}) vocab[symbol] = vocab.size();
  return skipbench::BytePairEncoding::Parse(vocab.dump(), "vocab", "#version: 0.2\nt h\nth e</w>\n", "merges");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace skipbench;
  static const ClipTokenizer slow(Encoding(), {}, ClipVariant::kSlow, "fuzz"),
      fast(Encoding(), {}, ClipVariant::kFast, "fuzz");
  if (size == 0) return 0;
  return fuzz::Try([&] {
    if (data[0] & 2) {
      fuzz::Write("tokenizer.json", fuzz::Text(data + 1, size - 1));
      ReadTokenizerJson(fuzz::Folder() / "tokenizer.json");
      return;
    }
    if (data[0] & 1) {
      fuzz::Write("tokenizer_config.json", fuzz::Text(data + 1, size - 1));
      ReadClipTokenizerConfig(fuzz::Folder());
      return;
    }
    for (const ClipTokenizer* tokenizer : {&slow, &fast}) {
      const auto ids = tokenizer->Encode(fuzz::Text(data + 1, size - 1));
      if (ids.size() != 77 || ids[0] != tokenizer->bos_id()) __builtin_trap();
      for (int64_t id : ids)
        if (id < 0 || id > tokenizer->max_id()) __builtin_trap();
    }
  });
}
