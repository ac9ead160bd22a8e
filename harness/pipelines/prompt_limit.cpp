#include "harness/pipelines/prompt_limit.h"

#include <functional>
#include <map>

#include "harness/pipelines/model_source.h"

namespace skipbench {
namespace {

constexpr size_t kShown = 100;  // bytes of a prompt in a message

// One of a model's tokenizers and where it cuts.
struct Limit {
  int64_t tokens;    // both ends included
  const char* ends;  // what they include, for messages
  std::function<bool(const std::string&)> too_long;
  std::function<std::vector<int64_t>(const std::string&)> encode;
};

Limit LimitOf(const ClipTokenizer& tokenizer) {
  return {tokenizer.max_length(), "both ends",
          [&](const std::string& text) {
            return static_cast<int64_t>(tokenizer.Tokenize(text).size()) > tokenizer.max_length() - 2;
          },
          [&](const std::string& text) { return tokenizer.Encode(text); }};
}

Limit LimitOf(const T5Tokenizer& tokenizer, int64_t length) {
  return {length, "the end mark",
          [&tokenizer, length](const std::string& text) {
            return static_cast<int64_t>(tokenizer.Tokenize(text).size()) > length;
          },
          [&tokenizer, length](const std::string& text) { return tokenizer.Encode(text, length).ids; }};
}

// At most kShown bytes, whole characters.
std::string Shorten(std::string text) {
  if (text.size() <= kShown) return text;
  size_t end = kShown;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return text.substr(0, end) + "...";
}

// The end of `text` from the first word on of which a token lies behind the limit.
std::string EndBehind(const Limit& limit, const std::string& text) {
  if (!limit.too_long(text)) return "";
  size_t begin = 0;  // of the last word that is not yet known to fit
  for (size_t end = 0; end != std::string::npos;) {
    end = text.find(' ', end == 0 ? begin : end);
    if (limit.too_long(text.substr(0, end))) return text.substr(begin);
    begin = end = text.find_first_not_of(' ', end);
  }
  return text;
}

std::string DescribeCaptions(const Limit& limit, std::span<const Sample> samples) {
  int64_t cut = 0, same = 0;
  const Sample* first = nullptr;
  std::map<std::vector<int64_t>, const Sample*> seen;  // what the network is given, with the first sample that has it
  for (const auto& sample : samples) {
    const bool too_long = limit.too_long(sample.caption);
    if (too_long && !first) first = &sample;
    cut += too_long;
    const auto [other, is_new] = seen.emplace(limit.encode(sample.caption), &sample);
    same += !is_new && other->second->caption != sample.caption && (too_long || limit.too_long(other->second->caption));
  }
  if (!first) return "";
  std::string text = fmt::format(
      "prompts: {} of {} {} longer than the text encoder's {} tokens ({} included) and cut there; the first, "
      "sample {}, loses \"{}\"",
      cut, samples.size(), cut == 1 ? "is" : "are", limit.tokens, limit.ends, first->id,
      Shorten(EndBehind(limit, first->caption)));
  if (same > 0)
    text += fmt::format("; of what is left, {} {} equal to that of another prompt", same, same == 1 ? "is" : "are");
  return text;
}

}  // namespace

std::string CutOff(const ClipTokenizer& tokenizer, const std::string& text) {
  return EndBehind(LimitOf(tokenizer), text);
}

std::vector<std::string> DescribeCutPrompts(const std::filesystem::path& path, const PipelineOptions& options,
                                            std::span<const Sample> samples) {
  std::vector<std::string> notes;
  const auto source = OpenModelSource(path, options);
  const auto describe = [&](const Limit& limit) {
    if (auto note = DescribeCaptions(limit, samples); !note.empty()) notes.push_back(std::move(note));
    if (const auto& negative = options.negative_prompt; negative && limit.too_long(*negative))
      notes.push_back(
          fmt::format("negative_prompt: longer than the text encoder's {} tokens and cut there; it loses \"{}\"",
                      limit.tokens, Shorten(EndBehind(limit, *negative))));
  };
  for (const std::string& component : source->Tokenizers()) {
    if (source->IsT5Tokenizer(component)) {
      describe(LimitOf(source->OpenT5Tokenizer(component, ModelSource::T5Variant(options.tokenizer)),
                       options.max_sequence_length));
    } else if (notes.empty()) {  // two of CLIP have the same limit
      describe(LimitOf(source->OpenTokenizer(component, source->TokenizerVariant(options.tokenizer))));
    }
  }
  return notes;
}

}  // namespace skipbench
