// Unigram tokenizers: a tokenizer.json, or, with the first byte odd, a spiece.model, and a text for what is read. What
// the parser lets through sentencepiece has to take.
#include "harness/io/tokenizers/t5_tokenizer.h"
#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace skipbench;
  if (size == 0) return 0;
  const bool spiece = data[0] & 1;
  return fuzz::Try([&] {
    const auto folder = fuzz::Folder() / (spiece ? "spiece" : "json");
    std::filesystem::create_directories(folder);
    fuzz::Write(spiece ? "spiece/spiece.model" : "json/tokenizer.json", fuzz::Text(data + 1, size - 1));
    if (spiece) fuzz::Write("spiece/tokenizer_config.json", R"({"extra_ids": 2})");
    for (const ClipVariant variant : {ClipVariant::kFast, ClipVariant::kSlow}) {
      const T5Tokenizer tokenizer = T5Tokenizer::Load(folder, variant);
      const TokenizedText text = tokenizer.Encode("a red  bus\t<unk> 3.5 caf\xC3\xA9 \xEF\xAC\x81 </s>!", 24);
      if (text.ids.size() != 24) __builtin_trap();
      for (const int64_t id : text.ids)
        if (id < 0 || id > INT32_MAX) __builtin_trap();
    }
  });
}
