#include "datasets/delimited.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "harness/base/error.h"

namespace skipbench {
namespace {

// Appends what stands between the quotation mark at `place` and the one that closes it; the place behind that one,
// npos: it is not closed.
size_t ReadQuoted(std::string_view text, size_t place, std::string* field) {
  for (++place; place < text.size(); ++place) {
    if (text[place] != '"')
      *field += text[place];
    else if (place + 1 < text.size() && text[place + 1] == '"')
      *field += text[++place];
    else
      return place + 1;
  }
  return std::string_view::npos;
}

std::vector<std::string> SplitTabs(const std::string& line) {
  std::vector<std::string> fields;
  for (size_t begin = 0; begin <= line.size();) {
    size_t end = std::min(line.find('\t', begin), line.size());
    std::string field = line.substr(begin, end - begin);
    if (field.starts_with('"')) {
      std::string quoted;
      const size_t behind = ReadQuoted(line, begin, &quoted);
      if (behind != std::string::npos && (behind == line.size() || line[behind] == '\t')) {
        field = std::move(quoted);
        end = behind;
      }
    }
    fields.push_back(std::move(field));
    begin = end + 1;
  }
  return fields;
}

// Moves `place` behind the line end that is there, if one is.
void PassLineEnd(std::string_view text, size_t* place) {
  const std::string_view rest = text.substr(*place);
  if (rest.starts_with("\r\n"))
    *place += 2;
  else if (rest.starts_with('\r') || rest.starts_with('\n'))
    ++*place;
}

// The record at `place` with quotation marks as in CSV throughout: every field in them is closed before a tab or a line
// end. Nothing otherwise.
std::optional<std::vector<std::string>> QuotedTabs(std::string_view text, size_t* place) {
  std::vector<std::string> fields;
  for (size_t at = *place;; ++at) {
    std::string& field = fields.emplace_back();
    if (at < text.size() && text[at] == '"') {
      at = ReadQuoted(text, at, &field);
    } else {
      const size_t end = std::min(text.find_first_of("\t\r\n", at), text.size());
      field = text.substr(at, end - at);
      at = end;
    }
    if (at == std::string_view::npos) return std::nullopt;
    if (at < text.size() && text[at] == '\t') continue;
    if (at < text.size() && text[at] != '\r' && text[at] != '\n') return std::nullopt;
    *place = at;
    PassLineEnd(text, place);
    return fields;
  }
}

// A line that has fewer fields than the header may be the beginning of a record whose quoted field goes on behind the
// line end, if the record then has all of them.
std::vector<std::string> NextTabRecord(std::string_view text, size_t* place, size_t columns) {
  size_t behind = *place;
  std::vector<std::string> fields = SplitTabs(NextLine(text, &behind));
  if (fields.back().starts_with('"') && (columns == 0 || columns == 1 || fields.size() < columns)) {
    size_t quoted_behind = *place;
    auto quoted = QuotedTabs(text, &quoted_behind);
    if (quoted && (columns == 0 || quoted->size() == columns)) {
      *place = quoted_behind;
      return *std::move(quoted);
    }
  }
  *place = behind;
  return fields;
}

}  // namespace

std::vector<std::string> NextRecord(std::string_view text, char separator, size_t* place, const std::string& file,
                                    size_t columns) {
  if (separator == '\t') return NextTabRecord(text, place, columns);
  std::vector<std::string> fields(1);
  const size_t begin = *place;
  while (*place < text.size()) {
    const char c = text[*place];
    if (c == '"' && fields.back().empty()) {
      *place = ReadQuoted(text, *place, &fields.back());
      if (*place == std::string_view::npos)
        Fail("{}:{}: a quotation mark is not closed", file,
             1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(begin), '\n'));
      continue;
    }
    if (c == '\n' || c == '\r') {
      PassLineEnd(text, place);
      return fields;
    }
    ++*place;
    if (c == separator)
      fields.emplace_back();
    else
      fields.back() += c;
  }
  return fields;
}

std::string NextLine(std::string_view text, size_t* place) {
  const size_t end = std::min(text.find_first_of("\r\n", *place), text.size());
  std::string line(text.substr(*place, end - *place));
  *place = end;
  PassLineEnd(text, place);
  return line;
}

bool IsBlank(std::string_view text) { return text.find_first_not_of(" \t\r\n\v\f") == std::string_view::npos; }

}  // namespace skipbench
