#include "harness/base/did_you_mean.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "harness/base/text.h"

namespace skipbench {
namespace {

constexpr size_t kLongestName = 64;   // longer ones are no slips of a name
constexpr size_t kShortestStart = 3;  // letters that two names have to begin with alike

// Letters and digits, in lower case; every byte of another alphabet.
std::string Bare(std::string_view name) {
  std::string bare;
  for (const char c : AsciiLower(std::string(name)))
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || static_cast<unsigned char>(c) >= 0x80) bare += c;
  return bare;
}

}  // namespace

size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<size_t> before, last(b.size() + 1), row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] != b[j - 1])});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    before = last;
    last = row;
  }
  return last[b.size()];
}

std::string Nearest(std::string_view given, const std::vector<std::string>& known) {
  const std::string bare = Bare(given);
  if (bare.empty() || given.size() > kLongestName) return "";
  const size_t most = std::max<size_t>(1, bare.size() / 3);
  size_t least = most + 1;
  std::string nearest;
  for (const auto& name : known) {
    if (name == given) return "";  // it was not misspelt
    const std::string other = Bare(name);
    size_t distance = EditDistance(bare, other);
    if (std::min(bare.size(), other.size()) >= kShortestStart && (bare.starts_with(other) || other.starts_with(bare)))
      distance = std::min(distance, most);
    // Of a name as short as the edits nothing would be left.
    if (distance >= least || distance >= other.size()) continue;
    least = distance;
    nearest = name;
  }
  return nearest;
}

std::string DidYouMean(std::string_view given, const std::vector<std::string>& known) {
  const std::string nearest = Nearest(given, known);
  return nearest.empty() ? "" : fmt::format("; did you mean \"{}\"?", nearest);
}

std::string KnownNames(std::string_view given, const std::vector<std::string>& known) {
  return fmt::format("known: {}{}", fmt::join(known, ", "), DidYouMean(given, known));
}

}  // namespace skipbench
