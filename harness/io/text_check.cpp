#include "harness/io/text_check.h"

#include <fmt/format.h>

#include <algorithm>

#include "harness/io/hdf5.h"

namespace skipbench {

size_t FindBadText(std::string_view text) {
  const std::string clean = hdf5::CleanText(text);
  const auto place = std::mismatch(text.begin(), text.end(), clean.begin(), clean.end()).first;
  return place == text.end() ? std::string_view::npos : static_cast<size_t>(place - text.begin());
}

std::string WhyNotText(std::string_view text) {
  const size_t place = FindBadText(text);
  if (place == std::string_view::npos) return "";
  if (text[place] == '\0') return fmt::format("a zero byte at place {}", place);
  return fmt::format("the byte 0x{:02X} at place {} is not valid UTF-8", static_cast<unsigned char>(text[place]), place);
}

}  // namespace skipbench
