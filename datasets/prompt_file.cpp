#include "datasets/prompt_file.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <optional>

#include "datasets/coco.h"
#include "datasets/delimited.h"
#include "harness/base/error.h"
#include "harness/base/json.h"
#include "harness/base/text.h"
#include "harness/io/files/content_kind.h"
#include "harness/io/hdf5/hdf5.h"

namespace skipbench {
namespace {

namespace fs = std::filesystem;
using Strings = std::vector<std::string>;

constexpr size_t kMaxFile = size_t{256} << 20;

const Strings kPromptColumns = {"prompt", "prompts", "caption", "text", "sentence", "description", "prompt_en"};
const Strings kImageColumns = {"image", "image_path", "file_name", "image_name"};

std::string ReadText(const fs::path& path) {
  std::error_code error;
  if (fs::is_directory(path, error)) Fail("{}: a folder; a file of prompts was expected", path.string());
  std::string text = ReadTextFile(path, kMaxFile, "a file of prompts");
  if (const std::string kind = KindByContent(std::string_view(text).substr(0, kContentHead)).name; !kind.empty())
    Fail("{}: {}; prompts are read from text (.txt, .csv, .tsv, .json or .jsonl, not compressed)", path.string(), kind);
  if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF"))
    Fail("{}: UTF-16 text (as Excel writes it); save it as UTF-8", path.string());
  if (const size_t zero = text.find('\0'); zero != std::string::npos)
    Fail("{}:{}: a zero byte: not a text file", path.string(),
         1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(zero), '\n'));
  if (const size_t bad = FindBadText(text); bad != std::string::npos) {
    const auto line_start = text.rfind('\n', bad) + 1;  // npos + 1: the first line
    Fail("{}:{}: {} (the line's text must be UTF-8)", path.string(),
         1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(bad), '\n'),
         WhyNotText(std::string_view(text).substr(line_start)));
  }
  if (text.starts_with("\xEF\xBB\xBF")) text.erase(0, 3);
  return text;
}

// A column's name without case and white space around it.
std::string Plain(const std::string& name) {
  const size_t begin = name.find_first_not_of(" \t"), end = name.find_last_not_of(" \t");
  return begin == std::string::npos ? "" : AsciiLower(name.substr(begin, end - begin + 1));
}

// The place of `wanted` among the columns, or of the first of `usual` when nothing is wanted: spelled as it is, or else
// in another case.
std::optional<size_t> FindColumn(const Strings& columns, const std::string& wanted, const Strings& usual) {
  const Strings candidates = wanted.empty() ? usual : Strings{wanted};
  for (const bool exactly : {true, false})
    for (const auto& name : candidates) {
      const auto found = std::find_if(columns.begin(), columns.end(), [&](const auto& column) {
        return exactly ? column == name : Plain(column) == Plain(name);
      });
      if (found != columns.end()) return static_cast<size_t>(found - columns.begin());
    }
  return std::nullopt;
}

size_t NeedColumn(const Strings& columns, const std::string& wanted, const Strings& usual, const std::string& key,
                  const std::string& where) {
  const auto found = FindColumn(columns, wanted, usual);
  if (found) return *found;
  Fail("{}: no column {}; there are: {} (\"{}\" names another one)", where,
       fmt::join(wanted.empty() ? usual : Strings{wanted}, ", "), fmt::join(columns, ", "), key);
}

void RefuseColumns(const PromptFormat& format, const std::string& file, const std::string& what) {
  for (const auto& [key, column] : {std::pair("prompt", format.prompt_column), {"image", format.image_column}})
    if (!column.empty()) Fail("{}: {}_column \"{}\": {} has no columns", file, key, column, what);
}

std::vector<PromptRow> ReadLines(const std::string& text, const std::string& file, const PromptFormat& format) {
  RefuseColumns(format, file, "a text");
  std::vector<PromptRow> rows;
  int64_t number = 0;
  for (size_t place = 0; place < text.size(); ++number) {
    PromptRow row{number, NextLine(text, &place), "", ""};
    if (IsBlank(row.prompt)) continue;
    if (format.images) {
      const size_t tab = row.prompt.find('\t');
      if (tab == std::string::npos)
        Fail("{}:{}: expected the picture's file name, a tab and the prompt", file, number + 1);
      row.place = fmt::format("{}:{}", file, number + 1);
      row.image = row.prompt.substr(0, tab);
      row.prompt.erase(0, tab + 1);
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

// `separator`: ',' or a tab. Of TSV, programs that trim lines leave out fields at the end, which are empty then.
std::vector<PromptRow> ReadTable(const std::string& text, char separator, const std::string& file,
                                 const PromptFormat& format) {
  size_t place = 0;
  const bool tabs = separator == '\t';
  const Strings columns = NextRecord(text, separator, &place, file);
  if (tabs && format.images && format.prompt_column.empty() && !FindColumn(columns, "", kPromptColumns))
    return ReadLines(text, file, format);
  const size_t prompt = NeedColumn(columns, format.prompt_column, kPromptColumns, "prompt_column", file);
  const size_t image =
      format.images ? NeedColumn(columns, format.image_column, kImageColumns, "image_column", file) : 0;
  std::vector<PromptRow> rows;
  for (int64_t number = 0; place < text.size(); ++number) {
    Strings fields = NextRecord(text, separator, &place, file, columns.size());
    if (std::all_of(fields.begin(), fields.end(), IsBlank)) continue;
    while (tabs && fields.size() > columns.size() && IsBlank(fields.back())) fields.pop_back();
    if (tabs && fields.size() < columns.size()) fields.resize(columns.size());
    if (fields.size() != columns.size())
      Fail("{}: record {} has {} fields, the header has {} ({})", file, number, fields.size(), columns.size(),
           fmt::join(columns, ", "));
    if (IsBlank(fields[prompt])) continue;
    PromptRow row{number, fields[prompt], "", ""};
    if (format.images) {
      row.image = fields[image];
      row.place = fmt::format("{}: record {}", file, number);
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

// One prompt: a string, or an object with a column for it. Nothing where the prompt is empty or null.
void AddJson(const Json& json, int64_t number, const std::string& where, const PromptFormat& format,
             std::vector<PromptRow>* rows) {
  if (json.is_null()) return;
  PromptRow row{number, "", "", format.images ? where : ""};
  if (json.is_string() && !format.images) {
    RefuseColumns(format, where, "a string");
    row.prompt = json.get<std::string>();
  } else {
    if (!json.is_object())
      Fail("{}: expected {}an object with one of {}, found {}{}", where, format.images ? "" : "a prompt, or ",
           fmt::join(kPromptColumns, ", "), Describe(json),
           json.is_array()
               ? "; a list does not say which of its values is the prompt (pandas' to_json writes lists with "
                 "orient=\"values\", objects with orient=\"records\")"
               : "");
    const JsonReader reader(json, where);
    Strings keys;
    for (const auto& [key, value] : json.items()) keys.push_back(key);
    row.prompt =
        reader.StringOr(keys[NeedColumn(keys, format.prompt_column, kPromptColumns, "prompt_column", where)], "");
    if (format.images)
      row.image = reader.String(keys[NeedColumn(keys, format.image_column, kImageColumns, "image_column", where)]);
  }
  // JSON spells any character, a zero byte among them ("\\u0000"), which results cannot keep.
  for (const auto& text : {row.prompt, row.image})
    if (const std::string why = WhyNotText(text); !why.empty())
      Fail("{}: \"{}\": {}", where, Printable(CleanText(text)), why);
  if (!IsBlank(row.prompt)) rows->push_back(std::move(row));
}

std::vector<PromptRow> ReadJsonLines(const std::string& text, const std::string& file, const PromptFormat& format) {
  std::vector<PromptRow> rows;
  int64_t number = 0;
  for (size_t place = 0; place < text.size(); ++number) {
    const std::string line = NextLine(text, &place), where = fmt::format("{}:{}", file, number + 1);
    if (!IsBlank(line)) AddJson(ParseJson(line, where), number, where, format, &rows);
  }
  return rows;
}

std::vector<PromptRow> ReadJsonList(const Json& list, const std::string& file, const PromptFormat& format) {
  std::vector<PromptRow> rows;
  for (size_t i = 0; i < list.size(); ++i)
    AddJson(list[i], static_cast<int64_t>(i), fmt::format("{}: record {}", file, i), format, &rows);
  return rows;
}

std::vector<PromptRow> ReadCocoPrompts(const Json& root, const std::string& file, const PromptFormat& format) {
  RefuseColumns(format, file, "a file of COCO captions");
  std::vector<PromptRow> rows;
  for (const auto& [id, image] : ReadCocoCaptions(root, file, format.split).images) {
    if (image.captions.empty() || IsBlank(image.captions[0].second)) continue;
    rows.push_back({id, image.captions[0].second, "", ""});
    if (!format.images) continue;
    rows.back().image = image.file_name;
    rows.back().place = fmt::format("{}: image {}", file, id);
  }
  return rows;
}

using OrderedJson = nlohmann::ordered_json;

Strings KeysOf(const OrderedJson& object) {
  Strings keys;
  for (const auto& [key, value] : object.items()) keys.push_back(key);
  return keys;
}

bool AreRowNumbers(const Strings& keys) {
  return !keys.empty() && std::all_of(keys.begin(), keys.end(), [](const std::string& key) {
    return !key.empty() && key.find_first_not_of("0123456789") == std::string::npos;
  });
}

template <typename Predicate>
bool AllOf(const OrderedJson& values, Predicate predicate) {
  return !values.empty() && std::all_of(values.begin(), values.end(), predicate);
}

// Whether an object holds columns, and not a record for each key: pandas' to_json, which writes {"Prompt": {"0": "a
// cat", "1": "a dog"}}, or to_dict("list"), {"Prompt": ["a cat", "a dog"]}. Where both are thinkable, the names say it:
// those of columns are outside.
bool HoldsColumns(const OrderedJson& root, const std::string& wanted) {
  const auto column = FindColumn(KeysOf(root), wanted, kPromptColumns);
  if (AllOf(root, [](const auto& one) { return one.is_object(); })) {
    const Strings inner = KeysOf(*root.begin());
    if (FindColumn(inner, wanted, kPromptColumns)) return column && AreRowNumbers(inner);
    return column || AreRowNumbers(inner);
  }
  if (!column) return false;
  const OrderedJson& values = *std::next(root.begin(), static_cast<std::ptrdiff_t>(*column));
  return values.is_object() ||
         (values.is_array() && std::none_of(values.begin(), values.end(), [](const auto& v) { return v.is_object(); }));
}

// The rows of columns, each an object or list that has a value for each row, as records.
Json RecordsOfColumns(const Json& root, const OrderedJson& ordered, const std::string& file,
                      const PromptFormat& format) {
  const Strings names = KeysOf(ordered);
  Strings used = {names[NeedColumn(names, format.prompt_column, kPromptColumns, "prompt_column", file)]};
  if (format.images) used.push_back(names[NeedColumn(names, format.image_column, kImageColumns, "image_column", file)]);
  const OrderedJson& prompts = ordered[used[0]];
  Json records = Json::array();
  for (const auto& [row, prompt] : prompts.items()) {
    Json record = Json::object();
    for (const auto& name : used) {
      const Json& column = root[name];
      if (column.size() != prompts.size() || column.is_array() != prompts.is_array() ||
          (column.is_object() && !column.contains(row)))
        Fail("{}: the columns {} do not have the same rows", file, fmt::join(used, " and "));
      record[name] = column.is_array() ? column[records.size()] : column[row];
    }
    records.push_back(std::move(record));
  }
  return records;
}

// {"columns": [...], "index": [...], "data": [[...], ...]}: pandas' orient="split".
Json RecordsOfSplit(const Json& root, const std::string& file) {
  const Strings names = JsonReader(root, file).Strings("columns");
  Json records = Json::array();
  for (const Json& row : root["data"]) {
    if (!row.is_array() || row.size() != names.size())
      Fail("{}: record {}: expected a list of {} values, one for each of \"columns\", found {}", file, records.size(),
           names.size(), Describe(row));
    Json record = Json::object();
    for (size_t i = 0; i < names.size(); ++i) record[names[i]] = row[i];
    records.push_back(std::move(record));
  }
  return records;
}

// What tables are written as besides records (lists of objects); nothing for other objects.
std::optional<Json> RecordsOfTable(const Json& root, const std::string& text, const std::string& file,
                                   const PromptFormat& format) {
  if (!root.is_object() || root.empty()) return std::nullopt;
  const auto is_list = [&](const char* key) { return root.contains(key) && root[key].is_array(); };
  if (is_list("data") && is_list("columns")) return RecordsOfSplit(root, file);
  // orient="table"; and "split" of a column by itself.
  if (is_list("data") && (root.contains("schema") || is_list("index"))) return root["data"];
  // In the file's order, not in that of the keys.
  const auto ordered = OrderedJson::parse(text, nullptr, true, /*ignore_comments=*/true);
  if (HoldsColumns(ordered, format.prompt_column)) return RecordsOfColumns(root, ordered, file, format);
  // A record for each key, or a column by itself: {"0": "a cat", "1": "a dog"}.
  if (!AllOf(ordered, [](const auto& one) { return one.is_object(); }) &&
      (!AreRowNumbers(KeysOf(ordered)) ||
       !AllOf(ordered, [](const auto& one) { return one.is_string() || one.is_null(); })))
    return std::nullopt;
  Json records = Json::array();
  for (const auto& [key, value] : ordered.items()) records.push_back(root[key]);
  return records;
}

// Whether the first line is a JSON object by itself and another line follows.
bool IsJsonLines(const std::string& text) {
  size_t place = 0;
  std::string line;
  while (place < text.size() && IsBlank(line)) line = NextLine(text, &place);
  return line.starts_with('{') && Json::accept(line) && place < text.size() &&
         !IsBlank(std::string_view(text).substr(place));
}

std::vector<PromptRow> ReadJsonFormat(const std::string& text, const std::string& file, const PromptFormat& format) {
  if (IsJsonLines(text)) return ReadJsonLines(text, file, format);
  const Json root = ParseJson(text, file);
  if (root.is_array()) return ReadJsonList(root, file, format);
  if (IsCocoFile(root)) return ReadCocoPrompts(root, file, format);
  if (root.is_object()) {
    if (const auto records = RecordsOfTable(root, text, file, format)) return ReadJsonList(*records, file, format);
    for (const auto& [key, value] : root.items())
      if (value.is_array() && FindColumn({key}, "", kPromptColumns)) return ReadJsonList(value, file, format);
    Strings keys;
    for (const auto& [key, value] : root.items()) keys.push_back(key);
    if (FindColumn(keys, format.prompt_column, kPromptColumns))
      return ReadJsonList(Json::array({root}), file, format);  // JSON lines, of one line
  }
  Fail("{}: expected a list of prompts (strings, or objects with one of {}), found {}", file,
       fmt::join(kPromptColumns, ", "), Describe(root));
}

// Whether the only line holds more than one row: a list or a table.
bool IsTableOnALine(const std::string& text, const std::string& file, const PromptFormat& format) {
  size_t place = 0;
  std::string line;
  while (place < text.size() && IsBlank(line)) line = NextLine(text, &place);
  if (!IsBlank(std::string_view(text).substr(std::min(place, text.size())))) return false;
  if (!Json::accept(line)) return false;
  const Json root = ParseJson(line, file);
  if (root.is_array()) return !root.empty() && (root[0].is_string() || root[0].is_object());
  return root.is_object() && RecordsOfTable(root, line, file, format);
}

std::string FormatOf(const fs::path& path) {
  const std::string extension = AsciiLower(path.extension().string());
  if (extension == ".txt" || extension == ".text") return "text";
  if (extension == ".ndjson") return "jsonl";
  for (const auto& format : PromptFormats())
    if (extension == "." + format) return format;
  Fail(
      "{}: the extension \"{}\" says no format; give \"format\" (one of {}), or a file called .txt, .csv, .tsv, .json "
      "or .jsonl",
      path.string(), extension, fmt::join(PromptFormats(), ", "));
}

}  // namespace

const Strings& PromptFormats() {
  static const Strings formats = {"text", "csv", "tsv", "json", "jsonl"};
  return formats;
}

std::vector<PromptRow> ReadPromptFile(const fs::path& path, const PromptFormat& format) {
  const std::string text = ReadText(path), file = path.string();
  const std::string kind = format.format.empty() ? FormatOf(path) : format.format;
  if (!format.split.empty() && kind != "json")
    Fail("{}: split \"{}\": only Karpathy's file (dataset_coco.json) has splits", file, format.split);
  if (kind == "csv") return ReadTable(text, ',', file, format);
  if (kind == "tsv") return ReadTable(text, '\t', file, format);
  if (kind == "json") return ReadJsonFormat(text, file, format);
  if (kind == "jsonl" && !IsTableOnALine(text, file, format)) return ReadJsonLines(text, file, format);
  if (kind == "jsonl") return ReadJsonFormat(text, file, format);
  return ReadLines(text, file, format);
}

}  // namespace skipbench
