#include "datasets/delimited.h"

#include <algorithm>

#include "harness/base/error.h"

namespace skipbench {
namespace {

// Appends what stands between the quotation mark at `place` and the one that closes it; the place behind that one, npos: it is not closed.
size_t ReadQuoted(std::string_view text, size_t place, std::string* field) {
  for (++place; place < text.size(); ++place) {
    if (text[place] != '"') *field += text[place];
    else if (place + 1 < text.size() && text[place + 1] == '"') *field += text[++place];
    else return place + 1;
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

}  // namespace

std::vector<std::string> NextRecord(std::string_view text, char separator, size_t* place, const std::string& file) {
  if (separator == '\t') return SplitTabs(NextLine(text, place));
  std::vector<std::string> fields(1);
  const size_t begin = *place;
  while (*place < text.size()) {
    const char c = text[*place];
    if (c == '"' && fields.back().empty()) {
      *place = ReadQuoted(text, *place, &fields.back());
      if (*place == std::string_view::npos)
        Fail("{}:{}: a quotation mark is not closed", file, 1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(begin), '\n'));
      continue;
    }
    ++*place;
    if (c == separator) fields.emplace_back();
    else if (c == '\n') return fields;
    else if (c != '\r') fields.back() += c;
  }
  return fields;
}

std::string NextLine(std::string_view text, size_t* place) {
  const size_t end = std::min(text.find('\n', *place), text.size());
  std::string line(text.substr(*place, end - *place));
  if (!line.empty() && line.back() == '\r') line.pop_back();
  *place = end + 1;
  return line;
}

bool IsBlank(std::string_view text) { return text.find_first_not_of(" \t\r\n\v\f") == std::string_view::npos; }

}  // namespace skipbench
