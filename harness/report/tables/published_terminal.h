// Published numbers for a terminal.
#pragma once

#include <string>

#include "harness/report/tables/published_text.h"

namespace skipbench {

// A block for a terminal of `width` columns, 40 or more, an empty line in front; at most `most` rows, and how many
// there are beside. Empty without rows.
std::string RenderPublishedTerminal(PublishedText text, size_t width, bool colour, size_t most);

}  // namespace skipbench
