// A table in Markdown, its columns aligned for whoever reads it as text.
#pragma once

#include <string>
#include <vector>

namespace skipbench {

// One line: neither a line's end nor a bar ends the cell early.
std::string MarkdownCell(const std::string& text);

// `rows`: the headings first, all of one length. The first `text_columns` columns are text, the others numbers.
// `outcome`: the last one is text that may be long.
std::string MarkdownGrid(std::vector<std::vector<std::string>> rows, size_t text_columns, bool outcome = false);

}  // namespace skipbench
