// Per-sample columns: how a setting's part of a wave becomes arrays of a file.
#pragma once

#include <span>
#include <string>
#include <tuple>
#include <variant>
#include <vector>

#include "harness/io/hdf5/hdf5.h"
#include "harness/measures/metric_info.h"
#include "harness/store/records.h"

namespace skipbench {

// What a column is, without its values.
struct ColumnInfo {
  std::string name;                  // "nfe", "psnr", "traces/criterion"
  std::optional<MetricInfo> metric;  // of metrics: what it says of itself, its name at least
  std::string units;
  hdf5::Type type = hdf5::Type::kFloat64;
  std::vector<int64_t> row_shape;  // shape without the sample axis
  std::vector<std::string> axes;   // names of all axes, "sample" first
  // Whether both have the same values; a metric may be described in one of them and not in the other.
  friend bool operator==(const ColumnInfo& a, const ColumnInfo& b) {
    return std::tie(a.name, a.units, a.type, a.row_shape, a.axes) ==
               std::tie(b.name, b.units, b.type, b.row_shape, b.axes) &&
           a.metric.has_value() == b.metric.has_value();
  }
};
// "psnr (float64, [n, 51])", for messages.
std::string Describe(const ColumnInfo& column);

// A column with the values of n samples.
struct Column {
  ColumnInfo info;
  std::variant<std::vector<uint8_t>, std::span<const uint8_t>, std::span<const int16_t>, std::span<const int32_t>,
               std::span<const float>, std::span<const double>, std::vector<std::string>>
      values;
};

// The columns of a setting's part of a wave of `n` samples; they refer to `wave`. `metrics`: RunHeader::metrics. Error,
// which begins with `where`, for an array of another shape than records.h gives, and for a metric not in `metrics`.
std::vector<Column> ColumnsOf(const SettingWave& wave, int64_t n, const SettingInfo& setting,
                              const std::vector<MetricInfo>& metrics, const std::string& where);

// Makes the dataset of a column for `n` samples, below a setting's group.
hdf5::Dataset CreateColumn(hdf5::Group& setting, const ColumnInfo& info, int64_t n);
// The dataset of a column.
hdf5::Dataset OpenColumn(const hdf5::Group& setting, const std::string& name);
// The columns that a setting's group has; metrics that are not described there are described by `known`. Error if one
// does not have `n` rows.
std::vector<ColumnInfo> ListColumns(const hdf5::Group& setting, int64_t n, const KnownMetrics& known = {});

}  // namespace skipbench
