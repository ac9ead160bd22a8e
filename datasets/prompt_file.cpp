#include "datasets/prompt_file.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <fstream>

#include "harness/base/error.h"
#include "harness/base/json.h"

namespace skipbench {
namespace {

namespace fs = std::filesystem;
using Strings = std::vector<std::string>;

constexpr uintmax_t kMaxFile = uintmax_t{256} << 20;

std::string ReadText(const fs::path& path) {
  std::error_code error;
  if (!fs::is_regular_file(path, error)) Fail("{}: no such file", path.string());
  const auto size = fs::file_size(path, error);
  if (error || size > kMaxFile) Fail("{}: cannot be read, or larger than {} bytes", path.string(), kMaxFile);
  std::ifstream in(path, std::ios::binary);
  std::string text(static_cast<size_t>(size), '\0');
  if (!in.read(text.data(), static_cast<std::streamsize>(size))) Fail("{}: cannot be read", path.string());
  if (const size_t zero = text.find('\0'); zero != std::string::npos)
    Fail("{}:{}: a zero byte: not a text file", path.string(), 1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(zero), '\n'));
  if (text.starts_with("\xEF\xBB\xBF")) text.erase(0, 3);
  return text;
}

// The line that begins at `place`, without its end; `place` moves behind it.
std::string NextLine(const std::string& text, size_t* place) {
  const size_t end = std::min(text.find('\n', *place), text.size());
  std::string line = text.substr(*place, end - *place);
  if (!line.empty() && line.back() == '\r') line.pop_back();
  *place = end + 1;
  return line;
}

bool IsBlank(const std::string& line) { return line.find_first_not_of(" \t\r\n\v\f") == std::string::npos; }

std::vector<PromptRow> ReadLines(const std::string& text, const std::string& file, bool images) {
  std::vector<PromptRow> rows;
  int64_t number = 0;
  for (size_t place = 0; place < text.size(); ++number) {
    PromptRow row{number, NextLine(text, &place), "", ""};
    if (IsBlank(row.prompt)) continue;
    if (images) {
      const size_t tab = row.prompt.find('\t');
      if (tab == std::string::npos) Fail("{}:{}: expected the picture's file name, a tab and the prompt", file, number + 1);
      row.place = fmt::format("{}:{}", file, number + 1);
      row.image = row.prompt.substr(0, tab);
      row.prompt.erase(0, tab + 1);
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

// One record of RFC 4180 from `place` on; fields in quotes may hold commas, line ends and doubled quotes.
Strings NextRecord(const std::string& text, size_t* place, const std::string& file) {
  Strings fields(1);
  const size_t begin = *place;
  bool quoted = false;
  for (; *place < text.size(); ++*place) {
    const char c = text[*place];
    if (quoted) {
      if (c != '"') fields.back() += c;
      else if (*place + 1 < text.size() && text[*place + 1] == '"') fields.back() += text[++*place];
      else quoted = false;
    } else if (c == '"' && fields.back().empty()) {
      quoted = true;
    } else if (c == ',') {
      fields.emplace_back();
    } else if (c == '\n') {
      break;
    } else if (c != '\r') {
      fields.back() += c;
    }
  }
  if (quoted) Fail("{}:{}: a quotation mark is not closed", file, 1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(begin), '\n'));
  ++*place;
  return fields;
}

// The place of `wanted` among the columns, or of the first of `usual` when nothing is wanted.
size_t FindColumn(const Strings& columns, const std::string& wanted, const Strings& usual, const std::string& where) {
  const Strings candidates = wanted.empty() ? usual : Strings{wanted};
  for (const auto& name : candidates)
    if (const auto found = std::find(columns.begin(), columns.end(), name); found != columns.end())
      return static_cast<size_t>(found - columns.begin());
  Fail("{}: no column {}; there are: {}", where, fmt::join(candidates, ", "), fmt::join(columns, ", "));
}

const Strings kPromptColumns = {"prompt", "caption", "text", "sentence", "description"};
const Strings kImageColumns = {"image", "image_path", "file_name", "image_name"};

std::vector<PromptRow> ReadCsv(const std::string& text, const std::string& file, const PromptFormat& format) {
  size_t place = 0;
  const Strings columns = NextRecord(text, &place, file);
  const size_t prompt = FindColumn(columns, format.prompt_column, kPromptColumns, file);
  const size_t image = format.images ? FindColumn(columns, format.image_column, kImageColumns, file) : 0;
  std::vector<PromptRow> rows;
  for (int64_t number = 0; place < text.size(); ++number) {
    const Strings fields = NextRecord(text, &place, file);
    if (fields.size() == 1 && IsBlank(fields[0])) continue;
    if (fields.size() != columns.size())
      Fail("{}: record {} has {} fields, the header has {} ({})", file, number, fields.size(), columns.size(), fmt::join(columns, ", "));
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

std::vector<PromptRow> ReadJsonLines(const std::string& text, const std::string& file, const PromptFormat& format) {
  std::vector<PromptRow> rows;
  int64_t number = 0;
  for (size_t place = 0; place < text.size(); ++number) {
    const std::string line = NextLine(text, &place), where = fmt::format("{}:{}", file, number + 1);
    if (IsBlank(line)) continue;
    const Json json = ParseJson(line, where);
    const JsonReader reader(json, where);
    Strings keys;
    for (const auto& [key, value] : json.items()) keys.push_back(key);
    PromptRow row{number, reader.String(keys[FindColumn(keys, format.prompt_column, kPromptColumns, where)]), "", ""};
    if (format.images) row.place = where;
    if (format.images) row.image = reader.String(keys[FindColumn(keys, format.image_column, kImageColumns, where)]);
    if (!IsBlank(row.prompt)) rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace

std::vector<PromptRow> ReadPromptFile(const fs::path& path, const PromptFormat& format) {
  const std::string text = ReadText(path), file = path.string(), extension = path.extension().string();
  std::string kind = format.format;
  if (kind.empty()) kind = extension == ".csv" ? "csv" : extension == ".jsonl" ? "jsonl" : "text";
  if (kind == "csv") return ReadCsv(text, file, format);
  if (kind == "jsonl") return ReadJsonLines(text, file, format);
  return ReadLines(text, file, format.images);
}

}  // namespace skipbench
