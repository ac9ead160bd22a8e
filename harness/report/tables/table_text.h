// The table as text.
#pragma once

#include <string>
#include <vector>

#include "harness/analysis/table.h"
#include "harness/report/tables/published_text.h"
#include "harness/report/tables/table_view.h"

namespace skipbench {

// The table in cells: what Markdown and LaTeX have in common.
struct TableText {
  std::string caption;                // which model, how sampled, on what
  std::vector<std::string> headings;  // the first column is the setting, the last one the outcome
  std::vector<std::vector<std::string>> cells;
  // A second table, of what would make the first too wide for a terminal: further metrics, and metrics of whole sets.
  // Empty: none.
  std::vector<std::string> more_headings;
  std::vector<std::vector<std::string>> more_cells;
  PublishedText published;         // a third table, of numbers that others published
  std::vector<std::string> notes;  // what "-" means, what the sweep cost
  size_t text_columns = 1;         // so many of the first columns are text, in both tables
  bool outcome = true;             // the last column of the first table is the outcome, a text that may be long
};

TableText Layout(const Table& table);
// Of a view with columns these alone, in one table.
TableText Layout(const Table& table, const TableView& view);

// "quickstart: fashion_scenes (8251319fa8f3), ddim, 50 steps, ...".
std::string CaptionOf(const Table& table);

}  // namespace skipbench
