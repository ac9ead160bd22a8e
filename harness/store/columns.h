// Per-sample columns: how a setting's part of a wave becomes arrays of a file.
#pragma once

#include <span>
#include <string>
#include <variant>
#include <vector>

#include "harness/io/hdf5.h"
#include "harness/store/records.h"

namespace skipbench {

// What a column is, without its values.
struct ColumnInfo {
  std::string name;                    // "nfe", "psnr", "traces/criterion"
  std::string kind;                    // "metric" for metrics, else ""
  std::string units;
  hdf5::Type type = hdf5::Type::kFloat64;
  std::vector<int64_t> row_shape;      // shape without the sample axis
  std::vector<std::string> axes;       // names of all axes, "sample" first
  friend bool operator==(const ColumnInfo&, const ColumnInfo&) = default;
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

// The columns of a setting's part of a wave of `n` samples; they refer to `wave`. Error when an array does not have the
// shape that records.h gives it; `where` begins the message.
std::vector<Column> ColumnsOf(const SettingWave& wave, int64_t n, const SettingInfo& setting, const std::string& where);

// Makes the dataset of a column for `n` samples, below a setting's group.
hdf5::Dataset CreateColumn(hdf5::Group& setting, const ColumnInfo& info, int64_t n);
// The dataset of a column.
hdf5::Dataset OpenColumn(const hdf5::Group& setting, const std::string& name);
// The columns that a setting's group has. Error if one does not have `n` rows.
std::vector<ColumnInfo> ListColumns(const hdf5::Group& setting, int64_t n);

}  // namespace skipbench
