// Tables of text: fields between commas (CSV, RFC 4180) or tabs (TSV), records between line ends.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace skipbench {

// The record of `text` that begins at `place`, split at `separator` (',' or '\t'); `place` moves behind it. Fields may
// stand in quotation marks, within which two of them mean one. In CSV such a field may hold separators and line ends;
// Error naming `file` and the line when it is not closed. TSV is written in two ways, with quotation marks as in CSV
// and without any meaning of them (PartiPrompts): there a field is a quoted one only where a mark closes it at its end,
// on the same line; or on a later one, if the record has `columns` fields only then (0: not known yet).
std::vector<std::string> NextRecord(std::string_view text, char separator, size_t* place, const std::string& file,
                                    size_t columns = 0);

// The line of `text` that begins at `place`, without its end (LF, CRLF or CR); `place` moves behind it.
std::string NextLine(std::string_view text, size_t* place);

// Whether there is nothing but white space.
bool IsBlank(std::string_view text);

}  // namespace skipbench
