// What a report's page carries besides its content.
#pragma once

namespace skipbench {

extern const char* const kPageStyle;  // CSS
// Makes tables sortable and pictures comparable with a slider; the page is whole without it. Nothing in it comes from a
// result.
extern const char* const kPageScript;

}  // namespace skipbench
