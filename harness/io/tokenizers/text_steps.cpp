#include "harness/io/tokenizers/text_steps.h"

#include <unicode/locid.h>
#include <unicode/normalizer2.h>
#include <unicode/regex.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>

#include <algorithm>
#include <memory>

#include "harness/base/error.h"
#include "harness/base/text.h"
#include "harness/io/tokenizers/character_map.h"

namespace skipbench {
namespace {

bool IsSpace(char32_t c) { return u_isUWhiteSpace(static_cast<UChar32>(c)); }

std::string Utf8(const icu::UnicodeString& text) {
  std::string utf8;
  text.toUTF8String(utf8);
  return utf8;
}

TextNormalizer Strip(bool left, bool right) {
  return [=](const std::string& text) {
    const std::u32string points = DecodeUtf8(text);
    size_t begin = 0, end = points.size();
    while (left && begin < end && IsSpace(points[begin])) ++begin;
    while (right && end > begin && IsSpace(points[end - 1])) --end;
    return EncodeUtf8(std::u32string_view(points).substr(begin, end - begin));
  };
}

TextNormalizer ReplaceText(const std::string& pattern, const std::string& content) {
  return [=](std::string text) {
    for (size_t at = text.find(pattern); at != std::string::npos; at = text.find(pattern, at + content.size()))
      text.replace(at, pattern.size(), content);
    return text;
  };
}

TextNormalizer ReplaceRegex(const std::string& pattern, const std::string& content, const std::string& origin) {
  UErrorCode status = U_ZERO_ERROR;
  UParseError place;
  const std::shared_ptr<icu::RegexPattern> regex(
      icu::RegexPattern::compile(icu::UnicodeString::fromUTF8(pattern), 0, place, status));
  if (U_FAILURE(status))
    FailUnsupported("{}: the regular expression \"{}\" is not supported: {}", origin, Printable(pattern),
                    u_errorName(status));
  return [=](const std::string& text) {
    const icu::UnicodeString input = icu::UnicodeString::fromUTF8(text);
    UErrorCode error = U_ZERO_ERROR;
    const std::unique_ptr<icu::RegexMatcher> matcher(regex->matcher(input, error));
    if (U_SUCCESS(error)) matcher->setTimeLimit(1000, error);  // some milliseconds each: patterns can take for ever
    icu::UnicodeString result;
    int32_t begin = 0;
    while (U_SUCCESS(error) && matcher->find(error)) {
      const int32_t start = matcher->start(error), end = matcher->end(error);
      if (start == end) continue;
      result.append(input, begin, start - begin).append(icu::UnicodeString::fromUTF8(content));
      begin = end;
    }
    if (U_FAILURE(error))
      Fail("{}: the regular expression \"{}\" fails on a text: {}", origin, Printable(pattern), u_errorName(error));
    return Utf8(result.append(input, begin, input.length() - begin));
  };
}

TextNormalizer ReadReplace(const JsonReader& json) {
  const JsonReader pattern = json.Object("pattern");
  const std::string content = json.String("content");
  if (pattern.Has("Regex")) return ReplaceRegex(pattern.String("Regex"), content, json.file() + ": " + json.path());
  const std::string text = pattern.String("String");
  if (text.empty()) pattern.FailAt("String", "expected a text to replace, found \"\"");
  return ReplaceText(text, content);
}

const icu::Normalizer2* UnicodeForm(const std::string& name) {
  UErrorCode status = U_ZERO_ERROR;
  const icu::Normalizer2* form = name == "NFC"    ? icu::Normalizer2::getNFCInstance(status)
                                 : name == "NFD"  ? icu::Normalizer2::getNFDInstance(status)
                                 : name == "NFKC" ? icu::Normalizer2::getNFKCInstance(status)
                                 : name == "NFKD" ? icu::Normalizer2::getNFKDInstance(status)
                                                  : nullptr;
  if (U_FAILURE(status)) Fail("ICU has no data for {}: {}", name, u_errorName(status));
  return form;
}

std::string Lowercase(const std::string& text) {
  std::string result;
  // Character by character: a sigma at the end of a word is not a special case there.
  for (const char32_t c : DecodeUtf8(text))
    result += Utf8(icu::UnicodeString(static_cast<UChar32>(c)).toLower(icu::Locale::getRoot()));
  return result;
}

}  // namespace

TextNormalizer ReadNormalizer(const JsonReader& json) {
  const std::string type = json.String("type");
  if (type == "Sequence") {
    std::vector<TextNormalizer> steps;
    for (const JsonReader& step : json.Objects("normalizers")) steps.push_back(ReadNormalizer(step));
    return [steps](std::string text) {
      for (const TextNormalizer& step : steps) text = step(text);
      return text;
    };
  }
  if (type == "Precompiled")
    return [map = CharacterMap::ParseBase64(json.String("precompiled_charsmap"),
                                            json.file() + ": " + json.PathOf("precompiled_charsmap"))](
               const std::string& text) { return map.Normalize(text); };
  if (type == "Replace") return ReadReplace(json);
  if (type == "Strip") return Strip(json.BoolOr("strip_left", true), json.BoolOr("strip_right", true));
  if (type == "Prepend")
    return [prefix = json.String("prepend")](const std::string& text) { return text.empty() ? text : prefix + text; };
  if (type == "Lowercase") return Lowercase;
  if (const icu::Normalizer2* form = UnicodeForm(type))
    return [form](const std::string& text) {
      UErrorCode status = U_ZERO_ERROR;
      return Utf8(form->normalize(icu::UnicodeString::fromUTF8(text), status));
    };
  FailUnsupported(
      "{}: {}: \"{}\" is not supported; supported: Sequence, Precompiled, Replace, Strip, Prepend, Lowercase, NFC, "
      "NFD, "
      "NFKC, NFKD",
      json.file(), json.PathOf("type"), Printable(type));
}

std::vector<TextPart> SplitWhitespace(const TextPart& part) {
  const std::u32string points = DecodeUtf8(part.text);
  std::vector<TextPart> words;
  for (size_t begin = 0; begin < points.size();) {
    if (IsSpace(points[begin])) {
      ++begin;
      continue;
    }
    const size_t end = static_cast<size_t>(
        std::find_if(points.begin() + static_cast<ptrdiff_t>(begin), points.end(), IsSpace) - points.begin());
    words.push_back({EncodeUtf8(std::u32string_view(points).substr(begin, end - begin)), part.first && begin == 0});
    begin = end;
  }
  return words;
}

std::vector<TextPart> Metaspace::operator()(const TextPart& part) const {
  std::string text = part.text;
  for (size_t at = text.find(' '); at != std::string::npos; at = text.find(' ', at + replacement.size()))
    text.replace(at, 1, replacement);
  const bool wanted = prepend == Prepend::kAlways || (prepend == Prepend::kFirst && part.first);
  if (wanted && !text.empty() && !text.starts_with(replacement)) text.insert(0, replacement);
  std::vector<TextPart> parts;
  for (size_t begin = 0; begin < text.size();) {
    const size_t next =
        split ? text.find(replacement,
                          begin + (text.compare(begin, replacement.size(), replacement) == 0 ? replacement.size() : 0))
              : std::string::npos;
    parts.push_back({text.substr(begin, next - begin), part.first && begin == 0});
    begin = std::min(next, text.size());
  }
  return parts;
}

TextSplitter Then(TextSplitter first, TextSplitter second) {
  return [first = std::move(first), second = std::move(second)](const TextPart& part) {
    std::vector<TextPart> parts;
    for (const TextPart& one : first(part))
      for (TextPart& piece : second(one)) parts.push_back(std::move(piece));
    return parts;
  };
}

TextSplitter ReadPreTokenizer(const JsonReader& json) {
  const std::string type = json.String("type");
  if (type == "WhitespaceSplit") return SplitWhitespace;
  if (type == "Metaspace") {
    Metaspace metaspace;
    metaspace.replacement = json.StringOr("replacement", metaspace.replacement);
    if (DecodeUtf8(metaspace.replacement).size() != 1) json.FailAt("replacement", "expected one character");
    // Files from before prepend_scheme say add_prefix_space.
    const std::string fallback = json.BoolOr("add_prefix_space", true) ? "always" : "never";
    const std::string scheme = json.OneOf("prepend_scheme", fallback, {"always", "first", "never"});
    metaspace.prepend = scheme == "always"  ? Metaspace::Prepend::kAlways
                        : scheme == "first" ? Metaspace::Prepend::kFirst
                                            : Metaspace::Prepend::kNever;
    metaspace.split = json.BoolOr("split", true);
    return metaspace;
  }
  if (type == "Sequence") {
    TextSplitter all = [](const TextPart& part) { return std::vector<TextPart>{part}; };
    for (const JsonReader& step : json.Objects("pretokenizers")) all = Then(std::move(all), ReadPreTokenizer(step));
    return all;
  }
  FailUnsupported("{}: {}: \"{}\" is not supported; supported: Sequence, WhitespaceSplit, Metaspace", json.file(),
                  json.PathOf("type"), Printable(type));
}

}  // namespace skipbench
