// The table as text: for people Markdown and LaTeX, for programs CSV and JSON.
#pragma once

#include <string>
#include <vector>

#include "harness/report/tables/table_text.h"

namespace skipbench {

// A cell in one line: neither a line's end nor a bar ends the cell early.
std::string MarkdownCell(const std::string& text);

// A table in Markdown, its columns aligned for whoever reads it as text. `rows`: the headings first, all of one length.
// The first `text_columns` columns are text, the others numbers. `outcome`: the last one is text that may be long.
std::string MarkdownGrid(std::vector<std::vector<std::string>> rows, size_t text_columns, bool outcome = false);

// The first and the last column are text, the others numbers. A value that is not there is "-"; notes below the table
// say why.
std::string RenderMarkdown(const TableText& text);
std::string RenderMarkdown(const Table& table);
std::string RenderMarkdown(const Table& table, const TableView& view);
// A table environment with booktabs' rules (\usepackage{booktabs,graphicx}), of a Table with the best of each column in
// bold; notes follow it.
std::string RenderLatex(const TableText& text);
std::string RenderLatex(const Table& table);
std::string RenderLatex(const Table& table, const TableView& view);

// All digits; a value that is not there is empty in CSV, null in JSON. The view's columns are those of the file's head;
// JSON has all. Throws Error for a column that is not there.
std::string RenderCsv(const Table& table);
std::string RenderCsv(const Table& table, const TableView& view);
std::string RenderJson(const Table& table);
std::string RenderJson(const Table& table, const TableView& view);

}  // namespace skipbench
