#include "harness/measures/feature_set.h"

#include <algorithm>
#include <unordered_map>

namespace skipbench {
namespace {

using Places = std::unordered_map<std::string, int64_t>;

Places PlacesOf(const FeatureSet& set) {
  Places places;
  for (size_t i = 0; i < set.names.size(); ++i) places.emplace(set.names[i], static_cast<int64_t>(i));
  return places;
}

}  // namespace

void FeatureSet::Reorder(const std::vector<int64_t>& order) {
  std::vector<float> moved;
  std::vector<std::string> moved_names;
  moved.reserve(order.size() * static_cast<size_t>(dimension));
  for (const int64_t row : order) {
    const auto from = view().row(row);
    moved.insert(moved.end(), from.begin(), from.end());
    if (!names.empty()) moved_names.push_back(names[row]);
  }
  values = std::move(moved);
  names = std::move(moved_names);
}

int64_t CountPartners(const FeatureSet& a, const FeatureSet& b) {
  const Places places = PlacesOf(b);
  return std::count_if(a.names.begin(), a.names.end(), [&](const auto& name) { return places.contains(name); });
}

bool OrderLike(const FeatureSet& a, FeatureSet* b) {
  const auto rows = static_cast<size_t>(a.count());
  if (!a.has_features() || !b->has_features() || a.names.size() != rows || b->names.size() != rows ||
      static_cast<size_t>(b->count()) != rows)
    return false;
  if (a.names == b->names) return PlacesOf(a).size() == rows;
  const Places places = PlacesOf(*b);
  std::vector<int64_t> order;
  for (const auto& name : a.names) {
    const auto found = places.find(name);
    if (found == places.end()) return false;
    order.push_back(found->second);
  }
  if (places.size() != rows || PlacesOf(a).size() != rows) return false;  // a name twice
  b->Reorder(order);
  return true;
}

}  // namespace skipbench
