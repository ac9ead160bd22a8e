#include "harness/report/tables/published_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "harness/report/tables/table_columns.h"

namespace skipbench {
namespace {

const TableColumn* Find(const std::vector<TableColumn>& columns, const std::string& id) {
  const auto found = std::ranges::find(columns, id, &TableColumn::id);
  return found == columns.end() || !found->number ? nullptr : &*found;
}

const TableRow* RowOf(const Table& table, const std::string& label) {
  const auto found = std::ranges::find_if(table.rows, [&](const TableRow& row) { return row.setting.label == label; });
  return found == table.rows.end() ? nullptr : &*found;
}

MeasuredHere MeasuredIn(const std::vector<TableColumn>& columns, const Table& table, const PublishedRow& row) {
  const TableColumn* column = Find(columns, row.metric);
  const TableRow* setting = row.setting.empty() ? nullptr : RowOf(table, row.setting);
  if (!column || !setting) return {};
  MeasuredHere here{.cell = column->cell(*setting)};
  if (const double value = column->number(*setting); std::isfinite(value)) here.value = value;
  return here;
}

}  // namespace

std::string PublishedValue(const PublishedRow& row) {
  const char* bound = row.bound == "about"      ? "about "
                      : row.bound == "at_least" ? "at least "
                      : row.bound == "at_most"  ? "at most "
                                                : "";
  const bool apart = !row.unit.empty() && row.unit != "x";
  return fmt::format("{}{}{}{}", bound, row.value, apart ? " " : "", row.unit);
}

MeasuredHere MeasuredOf(const Table& table, const PublishedRow& row) {
  return MeasuredIn(AllColumns(table), table, row);
}

PublishedText LayoutPublished(const Table& table) {
  const auto& rows = table.published;
  if (rows.empty()) return {};
  const auto columns = AllColumns(table);
  const bool here = std::ranges::any_of(rows, [&](const auto& row) { return RowOf(table, row.setting) != nullptr; });
  const bool notes = std::ranges::any_of(rows, [](const auto& row) { return !row.note.empty(); });
  PublishedText text{.headings = {"method", "model", "metric", "published"}};
  if (here) text.headings.emplace_back("measured here");
  if (notes) text.headings.emplace_back("note");
  text.headings.emplace_back("source");
  const auto or_none = [](const std::string& cell) { return cell.empty() ? "-" : cell; };
  for (const auto& row : rows) {
    const TableColumn* column = Find(columns, row.metric);
    auto& cells = text.cells.emplace_back();
    cells = {row.method, row.model, column ? column->heading : row.metric, PublishedValue(row)};
    if (here) cells.push_back(or_none(MeasuredIn(columns, table, row).cell));
    if (notes) cells.push_back(or_none(row.note));
    cells.push_back(row.source);
  }
  return text;
}

std::vector<std::string> NumberSources(PublishedText* text) {
  std::vector<std::string> sources;
  for (auto& row : text->cells) {
    auto found = std::ranges::find(sources, row.back());
    if (found == sources.end()) found = sources.insert(sources.end(), row.back());
    row.back() = fmt::format("[{}]", found - sources.begin() + 1);
  }
  for (size_t k = 0; k < sources.size(); ++k) sources[k] = fmt::format("[{}] {}", k + 1, sources[k]);
  return sources;
}

}  // namespace skipbench
