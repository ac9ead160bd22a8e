#include "harness/io/tokenizers/clip_text.h"

#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>
#include <unicode/utf16.h>
#include <unicode/utf8.h>

#include <algorithm>

#include "harness/base/error.h"

namespace skipbench {
namespace {

// The slow tokenizer asks Python's unicodedata, which is Unicode 14 in Python 3.11; to it, younger characters are
// unassigned (and dropped). ICU may know more, so that age is asked for.
constexpr int kPythonUnicode = 14;

constexpr char32_t kCapitalSigma = 0x3A3, kSmallSigma = 0x3C3, kFinalSigma = 0x3C2, kCapitalIWithDot = 0x130;
constexpr char32_t kIota = 0x345;  // COMBINING GREEK YPOGEGRAMMENI

bool YoungerThan(UChar32 c, int version) {
  UVersionInfo age;
  u_charAge(c, age);
  return age[0] > version;
}

// General category C*: control, format, surrogate, private use, unassigned.
bool IsPythonControl(UChar32 c) {
  if (c == '\t' || c == '\n' || c == '\r') return false;
  return (U_GET_GC_MASK(c) & (U_GC_C_MASK)) != 0 || YoungerThan(c, kPythonUnicode);
}

// str.isspace() of Python.
bool IsPythonSpace(UChar32 c) {
  return (c >= 0x9 && c <= 0xD) || (c >= 0x1C && c <= 0x20) || c == 0x85 ||
         (c > 0x7F && (U_GET_GC_MASK(c) & U_GC_Z_MASK));
}

struct Range {
  char32_t first, last;
};
template <size_t n>
bool IsIn(const Range (&ranges)[n], char32_t c) {
  return std::any_of(ranges, ranges + n, [c](const Range& r) { return c >= r.first && c <= r.last; });
}

bool IsCjkIdeograph(char32_t c) {
  static constexpr Range kRanges[] = {{0x4E00, 0x9FFF},   {0x3400, 0x4DBF},   {0x20000, 0x2A6DF}, {0x2A700, 0x2B73F},
                                      {0x2B740, 0x2B81F}, {0x2B820, 0x2CEAF}, {0xF900, 0xFAFF},   {0x2F800, 0x2FA1F}};
  return IsIn(kRanges, c);
}

// The fast tokenizer's tables are those of Unicode 16 (and 17 for lower case). What Debian 12's ICU (Unicode 15) does
// not know yet is listed here; an ICU that does know a character is asked first.
constexpr Range kYoungLetters[] = {{0x1C89, 0x1C8A},   {0xA7CB, 0xA7CD},   {0xA7DA, 0xA7DC},   {0x105C0, 0x105F3},
                                   {0x10D4A, 0x10D65}, {0x10D6F, 0x10D85}, {0x10EC2, 0x10EC4}, {0x11380, 0x11389},
                                   {0x1138B, 0x1138B}, {0x1138E, 0x1138E}, {0x11390, 0x113B5}, {0x113B7, 0x113B7},
                                   {0x113D1, 0x113D1}, {0x113D3, 0x113D3}, {0x11BC0, 0x11BE0}, {0x13460, 0x143FA},
                                   {0x16100, 0x1611D}, {0x16D40, 0x16D6C}, {0x18CFF, 0x18CFF}, {0x1E5D0, 0x1E5ED},
                                   {0x1E5F0, 0x1E5F0}, {0x2EBF0, 0x2EE5D}};
constexpr Range kYoungNumbers[] = {{0x10D40, 0x10D49}, {0x116D0, 0x116E3}, {0x11BF0, 0x11BF9}, {0x16130, 0x16139},
                                   {0x16D70, 0x16D79}, {0x1CCF0, 0x1CCF9}, {0x1E5F1, 0x1E5FA}};

char32_t LowerOfYoung(char32_t c) {
  if (c >= 0x10D50 && c <= 0x10D65) return c + 0x20;  // Garay
  if (c >= 0x16EA0 && c <= 0x16EB8) return c + 0x1B;  // Beria Erfe
  static constexpr std::pair<char32_t, char32_t> kPairs[] = {{0x1C89, 0x1C8A}, {0xA7CB, 0x264},  {0xA7CC, 0xA7CD},
                                                             {0xA7CE, 0xA7CF}, {0xA7D2, 0xA7D3}, {0xA7D4, 0xA7D5},
                                                             {0xA7DA, 0xA7DB}, {0xA7DC, 0x19B}};
  for (const auto& [upper, lower] : kPairs)
    if (c == upper) return lower;
  return c;
}

std::u32string Nfc(const std::u32string& text) {
  const bool ascii = std::all_of(text.begin(), text.end(), [](char32_t c) { return c < 0x80; });
  if (ascii) return text;
  UErrorCode status = U_ZERO_ERROR;
  const icu::Normalizer2* nfc = icu::Normalizer2::getNFCInstance(status);
  const auto source =
      icu::UnicodeString::fromUTF32(reinterpret_cast<const UChar32*>(text.data()), static_cast<int32_t>(text.size()));
  const icu::UnicodeString composed = nfc ? nfc->normalize(source, status) : source;
  std::u32string result(static_cast<size_t>(composed.countChar32()), U'\0');
  composed.toUTF32(reinterpret_cast<UChar32*>(result.data()), static_cast<int32_t>(result.size()), status);
  if (U_FAILURE(status)) Fail("Unicode normalisation failed: {}", u_errorName(status));
  return result;
}

// Unicode's Final_Sigma: a cased letter before, none after, case-ignorable characters not counted.
bool IsFinalSigma(const std::u32string& text, size_t at) {
  auto ignorable = [&](size_t i) { return u_hasBinaryProperty(static_cast<UChar32>(text[i]), UCHAR_CASE_IGNORABLE); };
  auto cased = [&](size_t i) { return u_hasBinaryProperty(static_cast<UChar32>(text[i]), UCHAR_CASED); };
  size_t before = at;
  while (before > 0 && ignorable(before - 1)) --before;
  if (before == 0 || !cased(before - 1)) return false;
  size_t after = at + 1;
  while (after < text.size() && ignorable(after)) ++after;
  return after == text.size() || !cased(after);
}

std::u32string Lower(const std::u32string& text, ClipVariant variant) {
  std::u32string result;
  result.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    const char32_t c = text[i];
    if (c == kCapitalIWithDot) {
      result += U"i\u0307";  // the only character whose lower case is longer
    } else if (c == kCapitalSigma) {
      result += variant == ClipVariant::kSlow && IsFinalSigma(text, i) ? kFinalSigma : kSmallSigma;
    } else if (u_charType(static_cast<UChar32>(c)) == U_UNASSIGNED) {
      result += LowerOfYoung(c);
    } else {
      result += static_cast<char32_t>(u_tolower(static_cast<UChar32>(c)));
    }
  }
  return result;
}

std::u32string CleanSlow(const std::u32string& text) {
  std::u32string clean;
  clean.reserve(text.size());
  for (char32_t c : text) {
    if (c == 0 || c == 0xFFFD || IsPythonControl(static_cast<UChar32>(c))) continue;
    if (IsCjkIdeograph(c))
      clean += {U' ', c, U' '};
    else
      clean += c;
  }
  return clean;
}

// Runs of white space to one space; `trim`: none at the ends.
std::u32string CollapseSpace(const std::u32string& text, bool (*is_space)(UChar32), bool trim) {
  std::u32string result;
  result.reserve(text.size());
  for (char32_t c : text) {
    if (!is_space(static_cast<UChar32>(c)))
      result += c;
    else if (result.empty() ? !trim : result.back() != U' ')
      result += U' ';
  }
  if (trim && result.ends_with(U' ')) result.pop_back();
  return result;
}

enum class Kind { kLetter, kNumber, kSpace, kOther };

Kind KindOf(char32_t c, ClipVariant variant) {
  const uint32_t mask = U_GET_GC_MASK(static_cast<UChar32>(c));
  if (mask & U_GC_L_MASK) return Kind::kLetter;
  if (mask & U_GC_N_MASK) return Kind::kNumber;
  if (mask & U_GC_CN_MASK)
    return IsIn(kYoungLetters, c) ? Kind::kLetter : IsIn(kYoungNumbers, c) ? Kind::kNumber : Kind::kOther;
  if (u_isUWhiteSpace(static_cast<UChar32>(c))) return Kind::kSpace;
  // Ignoring case, the pattern's last alternative excludes the iota subscript (a case variant of a letter), and the
  // alternative for letters does not include it: it is skipped.
  if (c == kIota && variant == ClipVariant::kSlow) return Kind::kSpace;
  return Kind::kOther;
}

// `word` is lower-case ASCII. U+017F, the long s, is the only further variant of a letter that occurs in one.
bool StartsWith(std::u32string_view text, std::string_view word, ClipVariant variant) {
  if (text.size() < word.size()) return false;
  for (size_t i = 0; i < word.size(); ++i) {
    char32_t c = text[i];
    if (variant == ClipVariant::kSlow && c >= U'A' && c <= U'Z') c += 32;
    if (variant == ClipVariant::kSlow && c == 0x17F) c = U's';
    if (c != static_cast<unsigned char>(word[i])) return false;
  }
  return true;
}

// Length of the fixed alternatives of the pattern at the beginning of `text`, 0 if none matches.
size_t MatchFixed(std::u32string_view text, ClipVariant variant, bool specials) {
  static constexpr std::string_view kSpecial[] = {"<|startoftext|>", "<|endoftext|>"};
  static constexpr std::string_view kContractions[] = {"'s", "'t", "'re", "'ve", "'m", "'ll", "'d"};
  if (text[0] == U'<' && (specials || variant == ClipVariant::kSlow))
    for (std::string_view word : kSpecial)
      if (StartsWith(text, word, variant)) return word.size();
  if (text[0] == U'\'')
    for (std::string_view word : kContractions)
      if (StartsWith(text, word, variant)) return word.size();
  return 0;
}

}  // namespace

std::u32string NormalizeClipText(const std::u32string& text, ClipVariant variant) {
  if (variant == ClipVariant::kSlow)
    return Lower(CollapseSpace(Nfc(CleanSlow(text)), IsPythonSpace, /*trim=*/true), variant);
  const auto is_space = [](UChar32 c) { return u_isUWhiteSpace(c) != 0; };
  return Lower(CollapseSpace(Nfc(text), is_space, /*trim=*/false), variant);
}

std::vector<std::u32string_view> SplitClipWords(const std::u32string& text, ClipVariant variant, bool specials) {
  std::vector<std::u32string_view> words;
  const std::u32string_view all(text);
  for (size_t i = 0; i < all.size();) {
    size_t length = MatchFixed(all.substr(i), variant, specials);
    const bool special = length > 0 && all[i] == U'<';
    const Kind kind = KindOf(all[i], variant);
    if (length == 0 && kind == Kind::kSpace) {
      ++i;
      continue;
    }
    if (length == 0) {
      length = 1;
      if (kind != Kind::kNumber)
        while (i + length < all.size() && KindOf(all[i + length], variant) == kind) ++length;
    }
    if (special && variant == ClipVariant::kFast) {
      // What the pattern keeps together, the byte-level pre-tokeniser behind it takes apart again.
      for (const auto& [from, count] : {std::pair<size_t, size_t>(0, 2), {2, length - 4}, {length - 2, 2}})
        words.push_back(all.substr(i + from, count));
    } else {
      words.push_back(all.substr(i, length));
    }
    i += length;
  }
  return words;
}

}  // namespace skipbench
