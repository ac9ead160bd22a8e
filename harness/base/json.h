// JSON with comments, and access to it with the file and the path of the key in every message.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "harness/base/error.h"

namespace skipbench {

using Json = nlohmann::json;

// Parses `text`; comments (// and /* */) are allowed. Throws Error naming `origin` (a file name) and the place for
// malformed text, a key given twice in one object, and nesting deeper than 64 levels.
Json ParseJson(std::string_view text, const std::string& origin);

// Reads and parses a file of at most `max_bytes`.
Json ReadJsonFile(const std::filesystem::path& path, size_t max_bytes = size_t{256} << 20);

// Reads one JSON object. Every getter notes the key it asked for; RejectUnknownKeys() then refuses whatever nobody
// asked for and lists what is known, so that the code that reads an object is also its schema.
// Errors: "FILE: steps: expected an integer in [1, 1000], found "fifty"".
class JsonReader {
 public:
  // `object` must outlive the reader. `path` is the place of the object in the file ("" for the root).
  JsonReader(const Json& object, std::string file, std::string path = "");

  const Json& json() const { return *object_; }
  const std::string& file() const { return file_; }
  const std::string& path() const { return path_; }  // "methods[2]", "" for the root
  std::string PathOf(const std::string& key) const;  // "methods[2].delta"
  [[noreturn]] void FailAt(const std::string& key, const std::string& what) const;

  bool Has(const std::string& key) const;          // present and not null
  const Json* Find(const std::string& key) const;  // nullptr if absent; null counts as present here

  // Required values.
  int64_t Int(const std::string& key, int64_t min = INT64_MIN, int64_t max = INT64_MAX) const;
  double Double(const std::string& key, double min = -HUGE_VAL, double max = HUGE_VAL) const;
  bool Bool(const std::string& key) const;
  std::string String(const std::string& key) const;

  // Values with a default, used when the key is absent or null.
  int64_t IntOr(const std::string& key, int64_t fallback, int64_t min = INT64_MIN, int64_t max = INT64_MAX) const;
  double DoubleOr(const std::string& key, double fallback, double min = -HUGE_VAL, double max = HUGE_VAL) const;
  bool BoolOr(const std::string& key, bool fallback) const;
  std::string StringOr(const std::string& key, const std::string& fallback) const;
  // A string out of `allowed`.
  std::string OneOf(const std::string& key, const std::string& fallback, const std::vector<std::string>& allowed) const;
  std::vector<int64_t> Ints(const std::string& key) const;  // a list of integers
  std::vector<double> Doubles(const std::string& key) const;
  std::vector<std::string> Strings(const std::string& key) const;

  JsonReader Object(const std::string& key) const;                   // required
  std::optional<JsonReader> ObjectIf(const std::string& key) const;  // absent or null: nothing
  std::vector<JsonReader> Objects(const std::string& key) const;     // a list of objects

  void Ignore(const std::string& key) const { known_.insert(key); }  // known and deliberately unused
  void RejectUnknownKeys() const;

 private:
  const Json& Require(const std::string& key) const;
  template <class T>
  std::vector<T> List(const std::string& key, const char* what, bool (*fits)(const Json&)) const;
  const Json* object_;
  std::string file_;
  std::string path_;
  mutable std::set<std::string> known_;
};

// Why a value is not what a key wants, "expected an integer in [1, 1000], found "fifty" (a string)"; "" if it is.
// Numbers are finite.
std::string WhyNotInt(const Json& value, int64_t min, int64_t max);
std::string WhyNotDouble(const Json& value, double min, double max);

// The same value with the string "NaN", "Infinity" or "-Infinity" for every number that JSON cannot write: nlohmann's
// dump() makes null of it. Python's json module writes and reads such words (diffusers writes "lambda_min_clipped":
// -Infinity), and so does ParseJson(); JsonReader's numbers are finite all the same.
Json WithNamedNumbers(Json value);

// A short rendering of a value for messages: `"fifty"`, `[1,2,...]`.
std::string Describe(const Json& value);

}  // namespace skipbench
