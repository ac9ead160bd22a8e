// The table as a page of its own: to be mailed, or put into a wiki.
#pragma once

#include <string>

#include "harness/report/tables/table_text.h"

namespace skipbench {

// A whole HTML document, without scripts and without anything from elsewhere.
std::string RenderHtml(const TableText& text);

}  // namespace skipbench
