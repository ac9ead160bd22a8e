#include "harness/pipelines/prompt_encoding.h"

#include <ATen/ATen.h>
#include <unicode/locid.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>

#include <algorithm>

#include "harness/base/error.h"
#include "harness/base/text.h"
#include "harness/models/load.h"

namespace skipbench {
namespace {

// Throws Error where the encoder has no rows for some of the tokenizer's ids.
T5TextEncoder Together(T5TextEncoder t5, const std::string& tokenizer, const std::string& encoder) {
  if (t5.tokenizer.max_id() >= t5.model->config().vocab_size)
    Fail("{}: the tokenizer knows ids up to {}, the text encoder {} only {} tokens: they do not belong together",
         tokenizer, t5.tokenizer.max_id(), encoder, t5.model->config().vocab_size);
  return t5;
}

struct T5Input {
  at::Tensor ids, mask;  // int64 [n, length]
};

T5Input TokenizeAll(const T5TextEncoder& t5, const std::vector<std::string>& prompts, int64_t length,
                    at::Device device) {
  std::vector<at::Tensor> ids, masks;
  for (const std::string& prompt : prompts) {
    const TokenizedText text = t5.tokenizer.Encode(prompt, length);
    ids.push_back(at::tensor(text.ids, at::kLong));
    masks.push_back(at::tensor(text.mask, at::kLong));
  }
  return {at::stack(ids).to(device), at::stack(masks).to(device)};
}

std::vector<std::string> CleanAll(const std::vector<std::string>& prompts, std::string (*clean)(const std::string&)) {
  std::vector<std::string> cleaned;
  for (const std::string& prompt : prompts) cleaned.push_back(clean(prompt));
  return cleaned;
}

// str.isspace() of Python.
bool IsPythonSpace(char32_t c) {
  return (c >= 0x9 && c <= 0xD) || (c >= 0x1C && c <= 0x20) || c == 0x85 ||
         (c > 0x7F && (U_GET_GC_MASK(static_cast<UChar32>(c)) & U_GC_Z_MASK));
}

std::u32string Stripped(const std::u32string& text) {
  const auto begin = std::find_if_not(text.begin(), text.end(), IsPythonSpace);
  const auto end = std::find_if_not(text.rbegin(), std::make_reverse_iterator(begin), IsPythonSpace).base();
  return {begin, end};
}

// The text of a reference without & and ;, "#39" or "amp".
std::u32string CharacterOf(const std::string& name, const std::string& prompt) {
  static const std::pair<const char*, char32_t> kNamed[] = {{"amp", '&'},  {"lt", '<'},    {"gt", '>'},
                                                            {"quot", '"'}, {"apos", '\''}, {"nbsp", 0xA0}};
  for (const auto& [known, character] : kNamed)
    if (name == known) return {character};
  if (name.size() >= 2 && name[0] == '#') {
    const bool hex = name[1] == 'x' || name[1] == 'X';
    size_t used = 0;
    const std::string digits = name.substr(hex ? 2 : 1);
    const bool sound = !digits.empty() && digits.size() <= 7 && std::isxdigit(static_cast<unsigned char>(digits[0]));
    const unsigned long code = sound ? std::stoul(digits, &used, hex ? 16 : 10) : 0;
    if (sound && used == digits.size() && code >= 0x20 && code < 0x110000 && !(code >= 0x7F && code < 0xA0) &&
        !(code >= 0xD800 && code < 0xE000))
      return {static_cast<char32_t>(code)};
  }
  Fail("the prompt \"{}\" holds the HTML reference \"&{};\", which is not supported: write the character itself",
       Printable(prompt), Printable(name));
}

std::u32string WithoutReferences(const std::u32string& text, const std::string& prompt) {
  std::u32string result;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '&') {
      const size_t end = text.find_first_of(U";& \t\n<", i + 1);
      if (end != std::u32string::npos && text[end] == ';' && end > i + 1 && end - i < 34) {
        result += CharacterOf(EncodeUtf8(std::u32string_view(text).substr(i + 1, end - i - 1)), prompt);
        i = end;
        continue;
      }
    }
    result += text[i];
  }
  return result;
}

}  // namespace

T5TextEncoder LoadT5TextEncoder(const std::filesystem::path& tokenizer_folder, const std::filesystem::path& encoder,
                                ClipVariant variant, WeightsOptions options) {
  return Together(
      {T5Tokenizer::Load(tokenizer_folder, variant), LoadFolder<T5EncoderModel>(encoder, std::move(options))},
      tokenizer_folder.string(), encoder.string());
}

T5TextEncoder OpenT5TextEncoder(const ModelSource& source, const std::string& suffix, const std::string& variant,
                                WeightsOptions options) {
  const std::string tokenizer = "tokenizer" + suffix, encoder = "text_encoder" + suffix;
  T5Tokenizer opened = source.OpenT5Tokenizer(tokenizer, ModelSource::T5Variant(variant));
  return Together({std::move(opened), LoadComponent<T5EncoderModel>(source, encoder, std::move(options))},
                  fmt::format("{}: {}", source.path().string(), tokenizer), encoder);
}

PromptTensors EncodeEach(const std::vector<std::string>& prompts, bool one_by_one,
                         const std::function<PromptTensors(const std::vector<std::string>&)>& encode) {
  if (!one_by_one) return encode(prompts);
  std::vector<at::Tensor> tokens, masks, pooled;
  for (const std::string& prompt : prompts) {
    const PromptTensors one = encode({prompt});
    tokens.push_back(one.tokens);
    if (one.mask.defined()) masks.push_back(one.mask);
    if (one.pooled.defined()) pooled.push_back(one.pooled);
  }
  const auto all = [](const std::vector<at::Tensor>& rows) { return rows.empty() ? at::Tensor() : at::cat(rows); };
  return {all(tokens), all(masks), all(pooled)};
}

std::string CleanPixArtPrompt(const std::string& prompt) {
  std::string lower;
  icu::UnicodeString::fromUTF8(prompt).toLower(icu::Locale::getRoot()).toUTF8String(lower);
  return EncodeUtf8(Stripped(DecodeUtf8(lower)));
}

std::string CleanWanPrompt(const std::string& prompt) {
  std::u32string text = DecodeUtf8(prompt);
  for (int i = 0; i < 2; ++i) text = WithoutReferences(text, prompt);
  std::u32string result;
  for (const char32_t c : text) {
    if (!IsPythonSpace(c))
      result += c;
    else if (!result.empty() && result.back() != ' ')
      result += ' ';
  }
  return EncodeUtf8(Stripped(result));
}

PromptTensors EncodePixArtPrompts(const T5TextEncoder& t5, const std::vector<std::string>& prompts, int64_t length,
                                  at::Device device) {
  const T5Input input = TokenizeAll(t5, CleanAll(prompts, CleanPixArtPrompt), length, device);
  return {t5.model->Forward(input.ids, input.mask).last_hidden_state, input.mask, {}};
}

PromptTensors EncodeSd3Prompts(const TextEncoder& clip, const TextEncoder& clip_2, const T5TextEncoder* t5,
                               const std::vector<std::string>& prompts, int64_t length, int64_t width,
                               at::Device device) {
  const ClipTextOutput first = clip.Encode(prompts, device), second = clip_2.Encode(prompts, device);
  at::Tensor tokens = at::cat({first.penultimate(), second.penultimate()}, -1);
  if (tokens.size(2) > width)
    Fail("the hidden states of the two CLIP encoders have {} channels together, more than the transformer's {}",
         tokens.size(2), width);
  tokens = at::constant_pad_nd(tokens, {0, width - tokens.size(2)});
  const at::Tensor last = t5 ? t5->model->Forward(TokenizeAll(*t5, prompts, length, device).ids).last_hidden_state
                             : at::zeros({static_cast<int64_t>(prompts.size()), length, width}, tokens.options());
  return {at::cat({tokens, last}, 1), {}, at::cat({first.text_embeds, second.text_embeds}, -1)};
}

PromptTensors EncodeFluxPrompts(const TextEncoder& clip, const T5TextEncoder& t5,
                                const std::vector<std::string>& prompts, int64_t length, at::Device device) {
  return {t5.model->Forward(TokenizeAll(t5, prompts, length, device).ids).last_hidden_state,
          {},
          clip.Encode(prompts, device).pooled};
}

PromptTensors EncodeWanPrompts(const T5TextEncoder& umt5, const std::vector<std::string>& prompts, int64_t length,
                               at::Device device) {
  const T5Input input = TokenizeAll(umt5, CleanAll(prompts, CleanWanPrompt), length, device);
  const at::Tensor tokens = umt5.model->Forward(input.ids, input.mask).last_hidden_state;
  return {tokens * input.mask.unsqueeze(-1).to(tokens.scalar_type()), {}, {}};
}

}  // namespace skipbench
