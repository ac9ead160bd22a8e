#include "harness/evaluation/picture_pairs.h"

#include <ATen/ATen.h>
#include <fmt/ranges.h>

#include <map>
#include <set>

#include "harness/base/error.h"

namespace skipbench {
namespace {

// uint8 [3, H, W]
at::Tensor ToPlanes(const Image& image) {
  const at::Tensor pixels =
      at::from_blob(const_cast<uint8_t*>(image.pixels.data()), {image.height, image.width, 3}, at::kByte);
  return pixels.permute({2, 0, 1}).contiguous();
}

// Equal but for their extensions, files cannot be told apart by name.
void RequireUniqueNames(const PictureSet& source) {
  std::map<std::string, int64_t> seen;
  for (int64_t i = 0; i < source.size(); ++i)
    if (const auto [first, added] = seen.emplace(source.name(i), i); !added)
      Fail("{} and {}: two {}s with one name, which cannot be paired", source.where(first->second), source.where(i),
           source.clips() ? "clip" : "picture");
}

// "3 of 500 have no partner in B (x, y, z)", empty if none.
std::string Unpaired(const PictureSet& from, const PictureSet& to) {
  std::set<std::string> partners;
  for (int64_t k = 0; k < to.size(); ++k) partners.insert(to.name(k));
  std::vector<std::string> names;
  for (int64_t k = 0; k < from.size(); ++k)
    if (!partners.contains(from.name(k))) names.push_back(from.name(k));
  if (names.empty()) return "";
  const size_t shown = std::min<size_t>(names.size(), 4);
  return fmt::format("{} of {} have no partner in {}: {}{}", names.size(), from.description(), to.description(),
                     fmt::join(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(shown), ", "),
                     shown < names.size() ? ", ..." : "");
}

}  // namespace

at::Tensor ReadPicture(const PictureSet& set, int64_t index) {
  std::vector<at::Tensor> frames;
  for (const Image& frame : set.ReadFrames(index)) frames.push_back(ToPlanes(frame));
  return set.clips() ? at::stack(frames) : frames[0];
}

std::vector<std::pair<int64_t, int64_t>> CommonPairs(const PictureSet& a, const PictureSet& b) {
  std::map<std::string, int64_t> partner;
  for (int64_t k = 0; k < b.size(); ++k) partner[b.name(k)] = k;
  std::vector<std::pair<int64_t, int64_t>> pairs;
  for (int64_t i = 0; i < a.size(); ++i)
    if (const auto found = partner.find(a.name(i)); found != partner.end()) pairs.emplace_back(i, found->second);
  return pairs;
}

std::vector<std::pair<int64_t, int64_t>> PairByName(const PictureSet& a, const PictureSet& b) {
  RequireUniqueNames(a);
  RequireUniqueNames(b);
  auto pairs = CommonPairs(a, b);
  const std::string first = Unpaired(a, b), second = Unpaired(b, a);
  if (!first.empty() || !second.empty())
    Fail("the pictures do not pair by name: {}{}{}", first, first.empty() || second.empty() ? "" : "; ", second);
  return pairs;
}

}  // namespace skipbench
