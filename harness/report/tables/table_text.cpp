#include "harness/report/tables/table_text.h"

#include <fmt/ranges.h>

#include <algorithm>

#include "harness/report/tables/table_columns.h"
#include "harness/report/tables/table_notes.h"
#include "harness/store/schema.h"

namespace skipbench {
namespace {

constexpr const char* kMissing = "-";

std::string SchedulersOf(const RunHeader& header) {
  std::vector<std::string> names;
  for (const auto& setting : header.settings)
    if (const std::string& name = setting.scheduler.empty() ? header.scheduler : setting.scheduler;
        std::ranges::find(names, name) == names.end())
      names.push_back(name);
  return fmt::format("{}", fmt::join(names, " / "));
}

using Cells = std::vector<std::vector<std::string>>;

void Fill(const Table& table, const std::vector<size_t>& rows, const std::vector<TableColumn>& columns,
          std::vector<std::string>* headings, Cells* cells) {
  for (const auto& column : columns) headings->push_back(column.heading);
  for (const size_t k : rows) {
    auto& line = cells->emplace_back();
    for (const auto& column : columns) {
      std::string cell = column.cell(table.rows[k]);
      line.push_back(cell.empty() ? kMissing : std::move(cell));
    }
  }
}

}  // namespace

std::string CaptionOf(const Table& table) {
  const RunHeader& header = table.header;
  std::string text = header.name + ": " + header.model;
  if (!header.model_hash.empty()) text += fmt::format(" ({})", header.model_hash.substr(0, 12));
  text += fmt::format(", {}, {} steps", SchedulersOf(header), header.steps);
  text += header.guidance == 0 ? std::string(", no guidance") : fmt::format(", guidance {}", header.guidance);
  const bool answered = table.decisions && table.decisions->finished;
  text += table.samples == header.sample_count || answered
              ? fmt::format(", {} samples{}", table.samples,
                            table.samples < header.sample_count
                                ? fmt::format(" (of {} at most: answered)", header.sample_count)
                                : "")
              : fmt::format(", {} of {} samples (not finished)", table.samples, header.sample_count);
  if (const int64_t frames = FramesOf(table); frames > 0) text += fmt::format(", clips of {} frames", frames);
  text += fmt::format(", seed {}; {}, {} threads, {}", header.seed, header.device, header.threads, header.dtype);
  return text + "; " + DescribeBuilds(table.environments) + ".";
}

TableText Layout(const Table& table) { return Layout(table, WholeView(table)); }

TableText Layout(const Table& table, const TableView& view) {
  TableText text;
  text.caption = CaptionOf(table);
  text.published = LayoutPublished(table);
  text.notes = NotesOf(table);
  if (!view.columns.empty()) {
    const auto all = AllColumns(table);
    std::vector<TableColumn> columns;
    for (const auto& id : view.columns) columns.push_back(FindColumn(all, id, "--columns"));
    Fill(table, view.rows, columns, &text.headings, &text.cells);
    text.outcome = view.columns.back() == "outcome";
    return text;
  }
  Fill(table, view.rows, FrontColumns(table), &text.headings, &text.cells);
  if (const auto more = MoreColumns(table); !more.empty())
    Fill(table, view.rows, more, &text.more_headings, &text.more_cells);
  return text;
}

}  // namespace skipbench
