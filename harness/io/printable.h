#pragma once

#include <string>
#include <string_view>

namespace skipbench {

// Text from a file as it may appear in a message: control characters replaced, an overlong tail cut off.
std::string Printable(std::string_view text);

}  // namespace skipbench
