#include "harness/pipelines/prompt_limit.h"

#include <map>

#include "harness/pipelines/model_source.h"

namespace skipbench {
namespace {

constexpr size_t kShown = 100;  // bytes of a prompt in a message

bool IsTooLong(const ClipTokenizer& tokenizer, const std::string& text) {
  return static_cast<int64_t>(tokenizer.Tokenize(text).size()) > tokenizer.max_length() - 2;
}

// At most kShown bytes, whole characters.
std::string Shorten(std::string text) {
  if (text.size() <= kShown) return text;
  size_t end = kShown;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return text.substr(0, end) + "...";
}

std::string DescribeCaptions(const ClipTokenizer& tokenizer, std::span<const Sample> samples) {
  int64_t cut = 0, same = 0;
  const Sample* first = nullptr;
  std::map<std::vector<int64_t>, const Sample*> seen;  // what the network is given, with the first sample that has it
  for (const auto& sample : samples) {
    const bool too_long = IsTooLong(tokenizer, sample.caption);
    if (too_long && !first) first = &sample;
    cut += too_long;
    const auto [other, is_new] = seen.emplace(tokenizer.Encode(sample.caption), &sample);
    same += !is_new && other->second->caption != sample.caption &&
            (too_long || IsTooLong(tokenizer, other->second->caption));
  }
  if (!first) return "";
  std::string text = fmt::format(
      "prompts: {} of {} {} longer than the text encoder's {} tokens (both ends included) and cut there; the first, "
      "sample {}, loses \"{}\"",
      cut, samples.size(), cut == 1 ? "is" : "are", tokenizer.max_length(), first->id,
      Shorten(CutOff(tokenizer, first->caption)));
  if (same > 0)
    text += fmt::format("; of what is left, {} {} equal to that of another prompt", same, same == 1 ? "is" : "are");
  return text;
}

}  // namespace

std::string CutOff(const ClipTokenizer& tokenizer, const std::string& text) {
  if (!IsTooLong(tokenizer, text)) return "";
  size_t begin = 0;  // of the last word that is not yet known to fit
  for (size_t end = 0; end != std::string::npos;) {
    end = text.find(' ', end == 0 ? begin : end);
    if (IsTooLong(tokenizer, text.substr(0, end))) return text.substr(begin);
    begin = end = text.find_first_not_of(' ', end);
  }
  return text;
}

std::vector<std::string> DescribeCutPrompts(const std::filesystem::path& path, const PipelineOptions& options,
                                            std::span<const Sample> samples) {
  std::vector<std::string> notes;
  const auto source = OpenModelSource(path, options);
  for (const std::string suffix : {"", "_2"}) {
    if (!source->index().Has("text_encoder" + suffix)) continue;
    const ClipTokenizer tokenizer =
        source->OpenTokenizer("tokenizer" + suffix, source->TokenizerVariant(options.tokenizer));
    if (auto note = DescribeCaptions(tokenizer, samples); !note.empty()) notes.push_back(std::move(note));
    if (const auto& negative = options.negative_prompt; negative && IsTooLong(tokenizer, *negative))
      notes.push_back(
          fmt::format("negative_prompt: longer than the text encoder's {} tokens and cut there; it loses \"{}\"",
                      tokenizer.max_length(), Shorten(CutOff(tokenizer, *negative))));
    if (!notes.empty()) break;  // SDXL's two have the same limit
  }
  return notes;
}

}  // namespace skipbench
