// A line of a report on metrics.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "harness/base/json.h"

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
  // The value without each of the blocks of a jackknife: two rows over the same samples have a difference with a
  // standard error by these (harness/stats/jackknife.h). Empty: the interval is none of a jackknife.
  std::vector<double> without_block = {};
};

// The row as an object for programs, and as it is stored; all but the subject and `without_block`.
Json RowJson(const MetricRow& row);
// Back from that. Throws Json::exception for what is none.
MetricRow RowFromJson(const Json& json);

// The mean over samples with its bootstrap interval; infinite values (identical pictures) and NaN (undefined ones) are
// counted and left out.
MetricRow MeanRow(std::span<const double> values, const std::string& metric, const std::string& unit,
                  const std::string& subject);

}  // namespace skipbench
