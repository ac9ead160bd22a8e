// Published numbers beside the run's own, in cells.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "harness/analysis/table.h"

namespace skipbench {

inline constexpr const char* kPublishedTitle = "Published by others, not measured here";

// Headings are "method", "model", "metric", "published", "measured here" (only where a row names a setting of the run),
// "note" (only where there is one), "source"; the source is an https address. Empty: there are no such rows.
struct PublishedText {
  std::vector<std::string> headings = {};
  std::vector<std::vector<std::string>> cells = {};
  bool empty() const { return cells.empty(); }
};

PublishedText LayoutPublished(const Table& table);

// The same with "[1]" in the place of each source; returns "[1] https://...", each source once.
std::vector<std::string> NumberSources(PublishedText* text);

// "2.3x", "about 5.05 s", "at least 1.8x".
std::string PublishedValue(const PublishedRow& row);

// The value of the row's setting in the column of its metric: as a table's cell (empty: it has none), and as a number.
struct MeasuredHere {
  std::string cell = {};
  std::optional<double> value = {};
};
MeasuredHere MeasuredOf(const Table& table, const PublishedRow& row);

}  // namespace skipbench
