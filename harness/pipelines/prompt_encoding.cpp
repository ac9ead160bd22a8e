#include "harness/pipelines/prompt_encoding.h"

#include <ATen/ATen.h>
#include <unicode/locid.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

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

// The references that HTML knows without a ; as well (those of Python's html.entities.html5), all in Latin-1.
constexpr std::pair<std::string_view, char32_t> kReferences[] = {
    {"AElig", 0xC6},  {"AMP", 0x26},    {"Aacute", 0xC1}, {"Acirc", 0xC2},  {"Agrave", 0xC0}, {"Aring", 0xC5},
    {"Atilde", 0xC3}, {"Auml", 0xC4},   {"COPY", 0xA9},   {"Ccedil", 0xC7}, {"ETH", 0xD0},    {"Eacute", 0xC9},
    {"Ecirc", 0xCA},  {"Egrave", 0xC8}, {"Euml", 0xCB},   {"GT", 0x3E},     {"Iacute", 0xCD}, {"Icirc", 0xCE},
    {"Igrave", 0xCC}, {"Iuml", 0xCF},   {"LT", 0x3C},     {"Ntilde", 0xD1}, {"Oacute", 0xD3}, {"Ocirc", 0xD4},
    {"Ograve", 0xD2}, {"Oslash", 0xD8}, {"Otilde", 0xD5}, {"Ouml", 0xD6},   {"QUOT", 0x22},   {"REG", 0xAE},
    {"THORN", 0xDE},  {"Uacute", 0xDA}, {"Ucirc", 0xDB},  {"Ugrave", 0xD9}, {"Uuml", 0xDC},   {"Yacute", 0xDD},
    {"aacute", 0xE1}, {"acirc", 0xE2},  {"acute", 0xB4},  {"aelig", 0xE6},  {"agrave", 0xE0}, {"amp", 0x26},
    {"aring", 0xE5},  {"atilde", 0xE3}, {"auml", 0xE4},   {"brvbar", 0xA6}, {"ccedil", 0xE7}, {"cedil", 0xB8},
    {"cent", 0xA2},   {"copy", 0xA9},   {"curren", 0xA4}, {"deg", 0xB0},    {"divide", 0xF7}, {"eacute", 0xE9},
    {"ecirc", 0xEA},  {"egrave", 0xE8}, {"eth", 0xF0},    {"euml", 0xEB},   {"frac12", 0xBD}, {"frac14", 0xBC},
    {"frac34", 0xBE}, {"gt", 0x3E},     {"iacute", 0xED}, {"icirc", 0xEE},  {"iexcl", 0xA1},  {"igrave", 0xEC},
    {"iquest", 0xBF}, {"iuml", 0xEF},   {"laquo", 0xAB},  {"lt", 0x3C},     {"macr", 0xAF},   {"micro", 0xB5},
    {"middot", 0xB7}, {"nbsp", 0xA0},   {"not", 0xAC},    {"ntilde", 0xF1}, {"oacute", 0xF3}, {"ocirc", 0xF4},
    {"ograve", 0xF2}, {"ordf", 0xAA},   {"ordm", 0xBA},   {"oslash", 0xF8}, {"otilde", 0xF5}, {"ouml", 0xF6},
    {"para", 0xB6},   {"plusmn", 0xB1}, {"pound", 0xA3},  {"quot", 0x22},   {"raquo", 0xBB},  {"reg", 0xAE},
    {"sect", 0xA7},   {"shy", 0xAD},    {"sup1", 0xB9},   {"sup2", 0xB2},   {"sup3", 0xB3},   {"szlig", 0xDF},
    {"thorn", 0xFE},  {"times", 0xD7},  {"uacute", 0xFA}, {"ucirc", 0xFB},  {"ugrave", 0xF9}, {"uml", 0xA8},
    {"uuml", 0xFC},   {"yacute", 0xFD}, {"yen", 0xA5},    {"yuml", 0xFF}};

std::optional<char32_t> KnownReference(std::string_view name) {
  for (const auto& [known, character] : kReferences)
    if (name == known) return character;
  return std::nullopt;
}

[[noreturn]] void RefuseReference(const std::string& name, const std::string& prompt) {
  Fail("the prompt \"{}\" holds the HTML reference \"&{}\", which is not supported: write the character itself",
       Printable(prompt), Printable(name));
}

// The character of "#39" or "#x27".
char32_t CharacterOf(const std::string& number, const std::string& prompt) {
  const bool hex = number.size() > 1 && (number[1] == 'x' || number[1] == 'X');
  const std::string digits = number.substr(hex ? 2 : 1);
  const unsigned long code = !digits.empty() && digits.size() <= 7 ? std::stoul(digits, nullptr, hex ? 16 : 10) : 0;
  if (code < 0x20 || code >= 0x110000 || (code >= 0x7F && code < 0xA0) || (code >= 0xD800 && code < 0xE000))
    RefuseReference(number, prompt);
  return static_cast<char32_t>(code);
}

// How much of the text behind an & is a reference, and what it stands for; {0, '&'}: none.
std::pair<size_t, char32_t> ReferenceAt(const std::string& rest, const std::string& prompt) {
  if (rest.starts_with("#")) {
    const bool hex = rest.size() > 1 && (rest[1] == 'x' || rest[1] == 'X');
    const size_t begin = hex ? 2 : 1;
    const size_t end =
        std::min(rest.size(), rest.find_first_not_of(hex ? "0123456789abcdefABCDEF" : "0123456789", begin));
    if (end == begin) return {0, '&'};
    return {end + (end < rest.size() && rest[end] == ';'), CharacterOf(rest.substr(0, end), prompt)};
  }
  const size_t end = std::min({rest.size(), size_t{32}, rest.find_first_of("\t\n\f <&#;")});
  const bool closed = end > 0 && end < rest.size() && rest[end] == ';';
  const std::string_view name = std::string_view(rest).substr(0, end);
  if (closed && name == "apos") return {end + 1, '\''};
  if (const auto character = KnownReference(name)) return {end + closed, *character};
  if (closed) RefuseReference(rest.substr(0, end + 1), prompt);  // one of 2125 more names, or none
  for (size_t size = end; size-- > 2;)
    if (const auto character = KnownReference(name.substr(0, size))) return {size, *character};
  return {0, '&'};
}

// html.unescape of Python.
std::u32string WithoutReferences(const std::u32string& text, const std::string& prompt) {
  std::u32string result;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '&') {
      result += text[i];
      continue;
    }
    std::string rest;  // as far as it is ASCII: no name goes further
    for (size_t k = i + 1; k < text.size() && text[k] < 0x80 && rest.size() < 34; ++k)
      rest += static_cast<char>(text[k]);
    const auto [size, character] = ReferenceAt(rest, prompt);
    result += character;
    i += size;
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
