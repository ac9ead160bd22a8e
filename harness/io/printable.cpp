#include "harness/io/printable.h"

namespace skipbench {

std::string Printable(std::string_view text) {
  constexpr size_t kMax = 200;
  size_t length = std::min(text.size(), kMax);
  while (length > 0 && length < text.size() && (text[length] & 0xC0) == 0x80) --length;   // not inside a UTF-8 sequence
  std::string result(text.substr(0, length));
  for (char& c : result)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  return length < text.size() ? result + "..." : result;
}

}  // namespace skipbench
