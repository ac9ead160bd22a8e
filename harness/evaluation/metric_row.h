// A line of a report on metrics.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace skipbench {

struct MetricRow {
  std::string subject = {};  // what was measured: a setting; empty when there is one only
  std::string metric = {};   // "psnr"
  std::string unit = {};
  std::optional<double> value = {}, low = {}, high = {};  // the mean (or the distance) and its 95 % interval
  std::optional<double> standard_error = {};
  int64_t count = 0;          // values or pictures that went in
  int64_t identical = 0;      // pairs equal in every byte, where they are left out of the mean
  bool available = true;      // false: weights are missing; `note` says which
  std::string interval = {};  // how the interval was made; empty: none
  std::string note = {};      // what one has to know to read the value
};

// The mean over samples with its bootstrap interval; infinite values (identical pictures) and NaN (undefined ones) are
// counted and left out.
MetricRow MeanRow(std::span<const double> values, const std::string& metric, const std::string& unit,
                  const std::string& subject);

}  // namespace skipbench
