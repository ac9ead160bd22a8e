// What a terminal can show.
#pragma once

#include <cstddef>
#include <string>

namespace skipbench {

enum class Paint { kNone, kBold, kFaint, kGood, kBad };

// The text with ANSI escapes around it, where there is colour.
std::string Painted(const std::string& text, Paint paint, bool colour);

// Columns of the terminal behind the standard output; of none, or one that does not say: COLUMNS, else 80.
size_t TerminalWidth();
bool OutputIsTerminal();

// "auto": colour where the standard output is a terminal, TERM is not "dumb" and NO_COLOR is unset or empty
// (https://no-color.org); "always", "never".
bool WantsColour(const std::string& when);

}  // namespace skipbench
