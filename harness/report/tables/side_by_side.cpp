#include "harness/report/tables/side_by_side.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <sstream>

#include "harness/base/format.h"
#include "harness/base/json.h"
#include "harness/report/tables/display_width.h"
#include "harness/report/tables/escape.h"
#include "harness/report/tables/render_table.h"

namespace skipbench {
namespace {

using Row = std::vector<std::string>;

void AddOnce(const std::string& text, std::vector<std::string>* list) {
  if (std::ranges::find(*list, text) == list->end()) list->push_back(text);
}

// A grid of one result, of which the first column is the setting.
struct Grid {
  const std::string& name;
  const Row& headings;
  const std::vector<Row>& cells;
};

// The grids under one head, rows with the same setting (or what else their first column holds) together.
void Join(const std::vector<Grid>& grids, bool outcome, Row* headings, std::vector<Row>* cells) {
  Row names;     // of all columns but the first and the outcome
  Row settings;  // in order
  std::string first;
  std::string last;
  for (const auto& grid : grids) {
    if (grid.headings.empty()) continue;
    const size_t end = grid.headings.size() - outcome;
    first = grid.headings[0];
    for (size_t c = 1; c < end; ++c) AddOnce(grid.headings[c], &names);
    if (outcome) last = grid.headings.back();
    for (const auto& row : grid.cells) AddOnce(row[0], &settings);
  }
  if (settings.empty()) return;
  *headings = {first, "result"};
  headings->insert(headings->end(), names.begin(), names.end());
  if (outcome) headings->push_back(last);
  for (const auto& setting : settings)
    for (const auto& grid : grids)
      for (const auto& row : grid.cells) {
        if (row[0] != setting) continue;
        Row& line = cells->emplace_back(Row{setting, grid.name});
        for (const auto& name : names) {
          const auto found = std::find(grid.headings.begin() + 1, grid.headings.end() - outcome, name);
          line.push_back(
              found == grid.headings.end() - outcome ? "-" : row[static_cast<size_t>(found - grid.headings.begin())]);
        }
        if (outcome) line.push_back(row.back());
      }
}

// Where all results that have some have the same, and nothing of their own beside it, once.
PublishedText PublishedOfAll(const std::vector<OfResult<TableText>>& results) {
  std::vector<Grid> grids;
  for (const auto& [name, text] : results)
    if (!text.published.empty()) grids.push_back({name, text.published.headings, text.published.cells});
  if (grids.empty()) return {};
  const bool own = std::ranges::find(grids[0].headings, "measured here") != grids[0].headings.end();
  const bool same = std::ranges::all_of(
      grids, [&](const Grid& grid) { return grid.headings == grids[0].headings && grid.cells == grids[0].cells; });
  if (same && !own) return {.headings = grids[0].headings, .cells = grids[0].cells};
  PublishedText joined;
  Join(grids, /*outcome=*/false, &joined.headings, &joined.cells);
  // The source stays last, whichever columns came in behind it.
  const auto source = std::ranges::find(joined.headings, "source") - joined.headings.begin();
  const auto to_end = [&](Row* row) { std::rotate(row->begin() + source, row->begin() + source + 1, row->end()); };
  to_end(&joined.headings);
  for (auto& row : joined.cells) to_end(&row);
  return joined;
}

// The fields of a CSV file (RFC 4180), line by line.
std::vector<Row> ParseCsv(const std::string& text) {
  std::vector<Row> lines;
  Row line;
  std::string field;
  bool quoted = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted && c == '"' && i + 1 < text.size() && text[i + 1] == '"') {
      field += text[++i];
    } else if (c == '"') {
      quoted = !quoted;
    } else if (!quoted && (c == ',' || c == '\n')) {
      line.push_back(std::move(field));
      field.clear();
      if (c == '\n') lines.push_back(std::move(line)), line.clear();
    } else {
      field += c;
    }
  }
  return lines;
}

}  // namespace

TableText SideBySide(const std::vector<OfResult<TableText>>& results) {
  TableText joined;
  std::vector<Grid> front, more;
  std::map<std::string, size_t> said;  // notes, and how many results have them
  for (const auto& [name, text] : results) {
    const bool named = text.caption.starts_with(name + ": ");  // by the experiment, which is often called as its folder
    joined.caption += (joined.caption.empty() ? "" : "\n") + (named ? text.caption : name + ": " + text.caption);
    front.push_back({name, text.headings, text.cells});
    more.push_back({name, text.more_headings, text.more_cells});
    for (const auto& note : text.notes) ++said[note];
  }
  joined.outcome = std::ranges::all_of(results, [](const auto& one) { return one.table.outcome; });
  Join(front, joined.outcome, &joined.headings, &joined.cells);
  Join(more, false, &joined.more_headings, &joined.more_cells);
  joined.text_columns = 2;  // the setting and the result
  joined.published = PublishedOfAll(results);
  for (const auto& [name, text] : results)
    for (const auto& note : text.notes)
      AddOnce(said[note] == results.size() ? note : name + ": " + note, &joined.notes);
  return joined;
}

size_t TableWidth(const TableText& text) {
  size_t width = 1;
  for (size_t c = 0; c < text.headings.size(); ++c) {
    size_t column = CountCharacters(MarkdownCell(text.headings[c]));
    for (const auto& row : text.cells) column = std::max(column, CountCharacters(MarkdownCell(row[c])));
    width += std::max<size_t>(column, 3) + 3;
  }
  return width;
}

std::string RenderNarrow(TableText text, size_t width, size_t notes) {
  std::string caption, below;
  std::istringstream lines(text.caption);
  for (std::string line; std::getline(lines, line);)
    for (const auto& part : WrapText(line, width, "  ")) caption += (caption.empty() ? "" : "\n") + part;
  text.caption = caption;
  for (size_t k = 0; k < std::min(notes, text.notes.size()); ++k)
    for (const auto& part : WrapText("- " + text.notes[k], width, "  ")) below += part + "\n";
  if (notes < text.notes.size()) below += fmt::format("({} more notes: --notes)\n", text.notes.size() - notes);
  text.notes.clear();
  if (!text.published.empty()) below = fmt::format("{}\n", fmt::join(NumberSources(&text.published), "\n")) + below;
  return RenderMarkdown(text) + (below.empty() ? "" : "\n" + below);
}

std::string SideBySideCsv(const std::vector<OfResult<std::string>>& results) {
  Row names;
  std::vector<std::pair<std::string, std::vector<Row>>> files;
  for (const auto& [name, text] : results) {
    files.emplace_back(name, ParseCsv(text));
    if (files.back().second.empty()) continue;
    for (const auto& column : files.back().second[0]) AddOnce(column, &names);
  }
  std::string out = "result";
  for (const auto& name : names) out += "," + CsvCell(name);
  out += "\n";
  for (const auto& [name, lines] : files)
    for (size_t l = 1; l < lines.size(); ++l) {
      out += CsvCell(name);
      for (const auto& column : names) {
        const auto found = std::ranges::find(lines[0], column);
        out += ",";
        if (found != lines[0].end()) out += CsvCell(lines[l].at(static_cast<size_t>(found - lines[0].begin())));
      }
      out += "\n";
    }
  return out;
}

std::string SideBySideJson(const std::vector<OfResult<std::string>>& results) {
  Json list = Json::array();
  for (const auto& [name, text] : results) {
    Json json = Json::parse(text);
    json["result"] = name;
    list.push_back(std::move(json));
  }
  return Json{{"results", list}}.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace skipbench
