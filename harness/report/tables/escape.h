// Foreign text (captions, labels, messages, paths) where it may do no harm: in HTML, in gnuplot scripts, in CSV.
#pragma once

#include <string>
#include <string_view>

namespace skipbench {

// Valid UTF-8 in one line: invalid bytes and control characters (bidirectional overrides too) become U+FFFD, line ends
// and tabs blanks.
std::string OneLine(std::string_view text);

// As content of an element or a quoted attribute; line ends are kept.
std::string HtmlText(std::string_view text);

// A quoted string of gnuplot, which takes nothing in it for a command or an escape. The terminal must be `noenhanced`.
std::string GnuplotString(std::string_view text);

// A field of a CSV file (RFC 4180), in one line.
std::string CsvField(std::string_view text);

// Code points of valid UTF-8 text.
size_t CountCharacters(std::string_view text);
// At most `characters` of the text, "..." included.
std::string Shortened(const std::string& text, int characters);

}  // namespace skipbench
