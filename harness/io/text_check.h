// Text that comes from files of others, and goes into results and messages.
#pragma once

#include <string>
#include <string_view>

namespace skipbench {

// What keeps `text` from being stored as it is: "the byte 0xE9 at place 7 is not valid UTF-8", "a zero byte at place 3" (places count
// from 0). Empty: nothing.
std::string WhyNotText(std::string_view text);

// The place of the first such byte; npos: there is none.
size_t FindBadText(std::string_view text);

}  // namespace skipbench
