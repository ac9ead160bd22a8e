// What a metric says of itself: all that a table, a figure or a comparison has to know of it. It is stored with the
// values, so that results explain themselves.
#pragma once

#include <optional>
#include <string>

#include "harness/base/json.h"

namespace skipbench {

struct SetMetric;  // set_metric.h

enum class Direction { kUnknown, kHigher, kLower };

struct MetricInfo {
  std::string name;                        // of its values in the results: "psnr", "fid:clean"
  std::string title = {};                  // in tables and figures: "PSNR"; empty: the metric is not described
  std::string part_of = {};                // of several values: the metric, "prc_fashion" of "prc_fashion recall"
  std::string unit = {};                   // "dB"; empty: a pure number
  Direction better = Direction::kUnknown;  // where better values lie; without it nothing can be compared
  std::optional<int> decimals = {};        // in tables; absent: three significant digits
  std::optional<double> limit = {};        // how much worse `compare` lets it get; absent: 2 % of the mean
  std::optional<double> ceiling = {};      // what larger values, infinite ones too, count as in a comparison
  int order = 100;         // among a table's columns, smaller first, then by name; from 200 on figures are folded away
  bool per_frame = false;  // of a clip: the mean over its frames, whose values are stored beside it
};

// The title, or of a metric that is not described its name.
std::string TitleOf(const MetricInfo& info);

// "higher", "lower", "unknown". DirectionOf throws Error, which begins with `where`, for anything else.
const char* DirectionName(Direction direction);
Direction DirectionOf(const std::string& name, const std::string& where);

// Throws Error, which begins with `where`, for numbers that no metric describes itself by: what is read may hold
// anything.
void RequireSound(const MetricInfo& info, const std::string& where);

// As an object; what is absent has no key. MetricInfoFromJson throws Error, which begins with `where`, for what is
// none.
Json ToJson(const MetricInfo& info);
MetricInfo MetricInfoFromJson(const Json& json, const std::string& where);

// The catalog of metrics, for rooms that do without LibTorch: whoever opens results hands it to them.
struct KnownMetrics {
  // What a column of single samples is, for results that do not describe their metrics; nothing if it is none of the
  // catalog's.
  std::optional<MetricInfo> (*column)(const std::string& name) = nullptr;
  // A metric of sets by its name in the results; nothing if there is none.
  std::optional<SetMetric> (*set)(const std::string& name) = nullptr;
};

}  // namespace skipbench
