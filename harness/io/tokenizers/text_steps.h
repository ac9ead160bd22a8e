// What happens to a text before a unigram model sees it: the normalisers and pre-tokenisers of Hugging Face's
// tokenizers that published T5 tokenizers use.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "harness/base/json.h"

namespace skipbench {

using TextNormalizer = std::function<std::string(const std::string& text)>;  // UTF-8 to UTF-8

// Of "normalizer" in a tokenizer.json: Sequence, Precompiled, Replace, Strip, Prepend, NFC, NFD, NFKC, NFKD, Lowercase.
// Throws UnsupportedError for others.
TextNormalizer ReadNormalizer(const JsonReader& json);

// A part of a text, and whether the text begins with it.
struct TextPart {
  std::string text;
  bool first = true;
};
using TextSplitter = std::function<std::vector<TextPart>(const TextPart& part)>;  // no empty parts

// Cuts at white space, which is dropped.
std::vector<TextPart> SplitWhitespace(const TextPart& part);

// Spaces become `replacement`, which is put before a part that lacks it (always, never, or before the first), and each
// begins a new part where `split` says so.
struct Metaspace {
  enum class Prepend { kAlways, kFirst, kNever };
  std::string replacement = "\u2581";
  Prepend prepend = Prepend::kAlways;
  bool split = true;
  std::vector<TextPart> operator()(const TextPart& part) const;
};

// Of "pre_tokenizer" in a tokenizer.json: Sequence, WhitespaceSplit, Metaspace. Throws UnsupportedError for others.
TextSplitter ReadPreTokenizer(const JsonReader& json);

// The first applied, then the second to each of its parts.
TextSplitter Then(TextSplitter first, TextSplitter second);

}  // namespace skipbench
