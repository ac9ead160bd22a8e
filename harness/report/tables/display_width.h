// Text in the cells of a terminal.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace skipbench {

// Cells that valid UTF-8 text takes in a line of a terminal: two for wide characters of East Asian scripts and emoji,
// none for combining marks and what is not printed.
size_t DisplayWidth(std::string_view text);

// With blanks up to `width` cells, in front of the text or behind it; longer text stays as it is.
std::string PadLeft(const std::string& text, size_t width);
std::string PadRight(const std::string& text, size_t width);

// At most `width` cells of the text, in one line: of longer text the middle gives way to "...", because labels end with
// what tells them apart.
std::string FitWidth(const std::string& text, size_t width);

// The same with the end giving way: of sentences, which begin with what matters.
std::string FitBeginning(const std::string& text, size_t width);

// The text in lines of at most `width` cells, broken at blanks; a longer word has a line of its own. Lines after the
// first begin with `indent`.
std::vector<std::string> WrapText(const std::string& text, size_t width, const std::string& indent = "");

}  // namespace skipbench
