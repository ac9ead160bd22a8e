#include "harness/report/tables/table_view.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <functional>
#include <numeric>

#include "harness/base/error.h"
#include "harness/report/tables/table_columns.h"

namespace skipbench {
namespace {

using Passes = std::function<bool(const TableRow&)>;

std::optional<double> NumberIn(const std::string& text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

struct Comparison {
  std::string column, sign, value;
};

// "psnr>=40" in its parts; nothing without a sign.
std::optional<Comparison> PartsOf(const std::string& filter) {
  const size_t at = filter.find_first_of("<>=!");
  if (at == std::string::npos || (filter[at] == '!' && filter.substr(at, 2) != "!=")) return std::nullopt;
  const bool two = at + 1 < filter.size() && filter[at + 1] == '=';
  return Comparison{filter.substr(0, at), filter.substr(at, two ? 2 : 1), filter.substr(at + (two ? 2 : 1))};
}

bool Holds(double a, const std::string& sign, double b) {
  if (std::isnan(a)) return false;
  return sign == "<"    ? a < b
         : sign == "<=" ? a <= b
         : sign == ">"  ? a > b
         : sign == ">=" ? a >= b
         : sign == "!=" ? a != b
                        : a == b;
}

// A part of a label that no setting has is a mistake ("psnr=>40"), unlike a comparison that none passes.
Passes PartOfLabel(const std::vector<TableRow>& rows, const std::string& filter) {
  const auto holds = [filter](const TableRow& row) { return row.setting.label.find(filter) != std::string::npos; };
  if (std::ranges::none_of(rows, holds))
    Fail(
        "--filter {}: no setting's label has this in it; expected a part of a label, or a column, one of <, <=, >, >=, "
        "=, != and a value",
        filter);
  return holds;
}

Passes FilterOf(const std::vector<TableColumn>& columns, const std::vector<TableRow>& rows, const std::string& filter) {
  const auto parts = PartsOf(filter);
  const bool known = parts && std::ranges::find(columns, parts->column, &TableColumn::id) != columns.end();
  // A label holds "steps=25" too.
  if (!parts || (!known && parts->sign == "=")) return PartOfLabel(rows, filter);
  const TableColumn& column = FindColumn(columns, parts->column, "--filter " + filter);
  if (column.number) {
    const auto value = NumberIn(parts->value);
    if (!value && parts->sign == "=") return PartOfLabel(rows, filter);
    if (!value) Fail("--filter {}: expected a number behind {}, found \"{}\"", filter, parts->sign, parts->value);
    return [number = column.number, sign = parts->sign, value = *value](const TableRow& row) {
      return Holds(number(row), sign, value);
    };
  }
  if (parts->sign != "=" && parts->sign != "!=")
    Fail("--filter {}: the column {} holds text: expected = or !=, found {}", filter, column.id, parts->sign);
  return [cell = column.cell, equal = parts->sign == "=", value = parts->value](const TableRow& row) {
    return (cell(row) == value) == equal;
  };
}

std::vector<std::string> Split(const std::string& text) {
  std::vector<std::string> parts;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find(',', begin), text.size());
    parts.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

void Sort(const Table& table, const TableColumn& column, bool descending, std::vector<size_t>* rows) {
  const auto row = [&](size_t k) -> const TableRow& { return table.rows[k]; };
  std::ranges::stable_sort(*rows, [&](size_t a, size_t b) {
    if (!column.number) {
      const std::string x = column.cell(row(a)), y = column.cell(row(b));
      if (x.empty() || y.empty()) return !x.empty() && y.empty();
      return descending ? y < x : x < y;
    }
    const double x = column.number(row(a)), y = column.number(row(b));
    if (std::isnan(x) || std::isnan(y)) return !std::isnan(x) && std::isnan(y);
    return descending ? y < x : x < y;
  });
}

}  // namespace

TableView WholeView(const Table& table) {
  TableView view;
  view.rows.resize(table.rows.size());
  std::iota(view.rows.begin(), view.rows.end(), 0);
  return view;
}

TableView ViewOf(const Table& table, const std::string& columns, const std::string& sort,
                 const std::vector<std::string>& filters) {
  const auto all = AllColumns(table);
  TableView view = WholeView(table);
  if (!columns.empty()) view.columns = Split(columns);
  for (const auto& filter : filters) {
    const Passes passes = FilterOf(all, table.rows, filter);
    std::erase_if(view.rows, [&](size_t k) { return !passes(table.rows[k]); });
  }
  if (!sort.empty()) {
    const bool descending = sort[0] == '-';
    Sort(table, FindColumn(all, sort.substr(descending ? 1 : 0), "--sort"), descending, &view.rows);
  }
  return view;
}

}  // namespace skipbench
