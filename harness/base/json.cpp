#include "harness/base/json.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "harness/base/did_you_mean.h"
#include "harness/base/text.h"

namespace skipbench {
namespace {

constexpr int kMaxDepth = 64;

const char* TypeName(const Json& value) {
  if (value.is_number_integer()) return "an integer";
  if (value.is_number()) return "a number";
  if (value.is_string()) return "a string";
  if (value.is_boolean()) return "a boolean";
  if (value.is_array()) return "a list";
  if (value.is_object()) return "an object";
  return "null";
}

// A text in which the words NaN, Infinity and -Infinity, where they stand as values, are zeros padded to the same
// length, so that the places in the parser's messages stay right; and which of the text's keys and values they are,
// counted from 0.
struct FiniteText {
  std::string text;
  std::map<size_t, double> numbers;
};

constexpr std::pair<std::string_view, double> kNumberWords[] = {
    {"NaN", std::numeric_limits<double>::quiet_NaN()},
    {"Infinity", std::numeric_limits<double>::infinity()},
    {"-Infinity", -std::numeric_limits<double>::infinity()}};

// Behind a string, comment or word that begins at `at`.
size_t EndOfString(std::string_view text, size_t at) {
  for (++at; at < text.size() && text[at] != '"'; ++at)
    if (text[at] == '\\') ++at;
  return std::min(at + 1, text.size());
}
size_t EndOfComment(std::string_view text, size_t at) {
  const bool line = text.substr(at, 2) == "//";
  const size_t end = line ? text.find_first_of("\r\n", at) : text.find("*/", at + 2);
  return end == std::string_view::npos ? text.size() : end + (line ? 1 : 2);
}
size_t EndOfWord(std::string_view text, size_t at) {
  const size_t end = text.find_first_of(std::string_view(" \t\r\n,:[]{}\"/"), at);
  return end == std::string_view::npos ? text.size() : std::max(end, at + 1);
}

FiniteText ReplaceNumberWords(std::string_view text) {
  FiniteText finite{std::string(text), {}};
  size_t atom = 0;  // strings and words so far; in well-formed text these are the keys and the values that are no lists
                    // or objects
  size_t at = text.starts_with("\xEF\xBB\xBF") ? 3 : 0;  // a byte order mark, which the parser skips
  while (at < text.size()) {
    const char c = text[at];
    if (std::string_view(" \t\r\n,:[]{}").find(c) != std::string_view::npos) {
      ++at;
    } else if (c == '/') {
      at = EndOfComment(text, at);
    } else {
      const size_t end = c == '"' ? EndOfString(text, at) : EndOfWord(text, at);
      for (const auto& [word, value] : kNumberWords)
        if (text.substr(at, end - at) == word) {
          finite.text.replace(at, word.size(), "0" + std::string(word.size() - 1, ' '));
          finite.numbers[atom] = value;
        }
      at = end;
      ++atom;
    }
  }
  return finite;
}

}  // namespace

Json WithNamedNumbers(Json value) {
  if (value.is_number_float() && !std::isfinite(value.get<double>())) {
    const double number = value.get<double>();
    return std::isnan(number) ? "NaN" : number > 0 ? "Infinity" : "-Infinity";
  }
  if (value.is_structured())
    for (Json& one : value) one = WithNamedNumbers(std::move(one));
  return value;
}

std::string Describe(const Json& value) {
  const Json named = WithNamedNumbers(value);
  std::string text = value.is_number() && named.is_string()
                         ? named.get<std::string>()
                         : named.dump(-1, ' ', false, Json::error_handler_t::replace);
  if (text.size() > 60) text = text.substr(0, 57) + "...";
  return fmt::format("{} ({})", text, TypeName(value));
}

Json ParseJson(std::string_view text, const std::string& origin) {
  // Two open questions of JSON are answered here because files come from strangers: a key given twice is an error
  // (readers disagree about which one counts), and so is nesting that no real file needs.
  std::vector<std::set<std::string>> keys;
  FiniteText finite;
  if (text.find("NaN") != std::string_view::npos || text.find("Infinity") != std::string_view::npos) {
    finite = ReplaceNumberWords(text);
    text = finite.text;
  }
  size_t atom = 0;
  auto check = [&](int depth, Json::parse_event_t event, Json& parsed) {
    if (depth > kMaxDepth) Fail("{}: nested deeper than {} levels", origin, kMaxDepth);
    switch (event) {
      case Json::parse_event_t::object_start: keys.emplace_back(); break;
      case Json::parse_event_t::object_end: keys.pop_back(); break;
      case Json::parse_event_t::key:
        if (!keys.back().insert(parsed.get<std::string>()).second)
          Fail("{}: the key {} is given twice in one object", origin, Describe(parsed));
        ++atom;
        break;
      case Json::parse_event_t::value:
        if (const auto word = finite.numbers.find(atom); word != finite.numbers.end()) parsed = word->second;
        ++atom;
        break;
      default: break;
    }
    return true;
  };
  try {
    return Json::parse(text.begin(), text.end(), check, /*allow_exceptions=*/true, /*ignore_comments=*/true);
  } catch (const Json::exception& e) {
    std::string what = e.what();  // "[json.exception.parse_error.101] parse error at line 1, column 2: ..."
    if (auto end = what.find("] "); end != std::string::npos) what = what.substr(end + 2);
    Fail("{}: not valid JSON: {}", origin, what);
  }
}

Json ReadJsonFile(const std::filesystem::path& path, size_t max_bytes) {
  return ParseJson(ReadTextFile(path, max_bytes, "a JSON file"), path.string());
}

namespace {

// "expected a number in [0, 1], found ...". `least`, `most`: whether there are such limits.
template <class Number>
std::string WhyNot(const Json& value, const char* wanted, Number min, Number max, bool least, bool most) {
  const std::string limits = most    ? fmt::format(" in [{}, {}]", min, max)
                             : least ? fmt::format(" of at least {}", min)
                                     : "";
  return fmt::format("expected {}{}, found {}", wanted, limits, Describe(value));
}

}  // namespace

std::string WhyNotInt(const Json& value, int64_t min, int64_t max) {
  const bool too_large = value.is_number_unsigned() && value.get<uint64_t>() > uint64_t{INT64_MAX};
  if (value.is_number_integer() && !too_large && value.get<int64_t>() >= min && value.get<int64_t>() <= max) return "";
  return WhyNot(value, "an integer", min, max, min != INT64_MIN, max != INT64_MAX);
}

std::string WhyNotDouble(const Json& value, double min, double max) {
  if (value.is_number() && std::isfinite(value.get<double>()) && value.get<double>() >= min &&
      value.get<double>() <= max)
    return "";
  return WhyNot(value, "a number", min, max, std::isfinite(min), std::isfinite(max));
}

JsonReader::JsonReader(const Json& object, std::string file, std::string path)
    : object_(&object), file_(std::move(file)), path_(std::move(path)) {
  if (!object.is_object())
    Fail("{}: {}: expected an object, found {}", file_, path_.empty() ? "the whole file" : path_, Describe(object));
}

std::string JsonReader::PathOf(const std::string& key) const { return path_.empty() ? key : path_ + "." + key; }

void JsonReader::FailAt(const std::string& key, const std::string& what) const {
  Fail("{}: {}: {}", file_, PathOf(key), what);
}

const Json* JsonReader::Find(const std::string& key) const {
  known_.insert(key);
  auto found = object_->find(key);
  return found == object_->end() ? nullptr : &*found;
}

bool JsonReader::Has(const std::string& key) const {
  const Json* value = Find(key);
  return value && !value->is_null();
}

const Json& JsonReader::Require(const std::string& key) const {
  const Json* value = Find(key);
  if (!value || value->is_null()) FailAt(key, "missing");
  return *value;
}

int64_t JsonReader::Int(const std::string& key, int64_t min, int64_t max) const {
  const Json& value = Require(key);
  if (const std::string why = WhyNotInt(value, min, max); !why.empty()) FailAt(key, why);
  return value.get<int64_t>();
}

double JsonReader::Double(const std::string& key, double min, double max) const {
  const Json& value = Require(key);
  if (const std::string why = WhyNotDouble(value, min, max); !why.empty()) FailAt(key, why);
  return value.get<double>();
}

bool JsonReader::Bool(const std::string& key) const {
  const Json& value = Require(key);
  if (!value.is_boolean()) FailAt(key, fmt::format("expected true or false, found {}", Describe(value)));
  return value.get<bool>();
}

std::string JsonReader::String(const std::string& key) const {
  const Json& value = Require(key);
  if (!value.is_string()) FailAt(key, fmt::format("expected a string, found {}", Describe(value)));
  return value.get<std::string>();
}

int64_t JsonReader::IntOr(const std::string& key, int64_t fallback, int64_t min, int64_t max) const {
  return Has(key) ? Int(key, min, max) : fallback;
}
double JsonReader::DoubleOr(const std::string& key, double fallback, double min, double max) const {
  return Has(key) ? Double(key, min, max) : fallback;
}
bool JsonReader::BoolOr(const std::string& key, bool fallback) const { return Has(key) ? Bool(key) : fallback; }
std::string JsonReader::StringOr(const std::string& key, const std::string& fallback) const {
  return Has(key) ? String(key) : fallback;
}

std::string JsonReader::OneOf(const std::string& key, const std::string& fallback,
                              const std::vector<std::string>& allowed) const {
  const std::string value = StringOr(key, fallback);
  if (std::ranges::find(allowed, value) != allowed.end()) return value;
  FailAt(key, fmt::format("expected one of {}, found \"{}\"{}", fmt::join(allowed, ", "), value,
                          DidYouMean(value, allowed)));
}

template <class T>
std::vector<T> JsonReader::List(const std::string& key, const char* what, bool (*fits)(const Json&)) const {
  const Json& value = Require(key);
  if (!value.is_array()) FailAt(key, fmt::format("expected a list of {}, found {}", what, Describe(value)));
  for (const Json& one : value)
    if (!fits(one)) FailAt(key, fmt::format("expected a list of {}, found {} in it", what, Describe(one)));
  return value.get<std::vector<T>>();
}

std::vector<int64_t> JsonReader::Ints(const std::string& key) const {
  return List<int64_t>(key, "integers", [](const Json& one) { return one.is_number_integer(); });
}

std::vector<double> JsonReader::Doubles(const std::string& key) const {
  return List<double>(key, "numbers",
                      [](const Json& one) { return one.is_number() && std::isfinite(one.get<double>()); });
}

std::vector<std::string> JsonReader::Strings(const std::string& key) const {
  return List<std::string>(key, "strings", [](const Json& one) { return one.is_string(); });
}

JsonReader JsonReader::Object(const std::string& key) const { return JsonReader(Require(key), file_, PathOf(key)); }

std::optional<JsonReader> JsonReader::ObjectIf(const std::string& key) const {
  if (!Has(key)) return std::nullopt;
  return Object(key);
}

std::vector<JsonReader> JsonReader::Objects(const std::string& key) const {
  const Json& value = Require(key);
  if (!value.is_array()) FailAt(key, fmt::format("expected a list of objects, found {}", Describe(value)));
  std::vector<JsonReader> result;
  for (size_t i = 0; i < value.size(); ++i) result.emplace_back(value[i], file_, fmt::format("{}[{}]", PathOf(key), i));
  return result;
}

void JsonReader::RejectUnknownKeys() const {
  for (const auto& [key, value] : object_->items())
    if (!known_.contains(key))
      FailAt(key, fmt::format("unknown key; known here: {}{}", fmt::join(known_, ", "),
                              DidYouMean(key, {known_.begin(), known_.end()})));
}

}  // namespace skipbench
