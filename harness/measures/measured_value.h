// A measured value: what a metric gave for something that was measured, how sure that is, and what one has to know to
// read it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "harness/base/json.h"
#include "harness/measures/metric_info.h"

namespace skipbench {

struct MeasuredValue {
  MetricInfo metric;
  std::string subject = {};  // what was measured: a setting; empty when there is one only
  size_t setting = 0;        // of values of a result: the setting's index
  std::string against = {};  // of values of a result: "data" or "reference", what the setting is compared with
  std::optional<double> value = {}, low = {}, high = {};  // the mean (or the distance) and its 95 % interval
  std::optional<double> standard_error = {};
  int64_t count = 0;          // values or pictures that went in
  int64_t identical = 0;      // pairs equal in every byte, where they are left out of the mean
  bool available = true;      // false: weights are missing; `note` says which
  std::string interval = {};  // how the interval was made; empty: none
  std::string note = {};      // what one has to know to read the value, or why there is none
  // The value without each of the blocks of a jackknife: two values over the same samples have a difference with a
  // standard error by these (harness/stats/jackknife.h). Empty: the interval is none of a jackknife.
  std::vector<double> without_block = {};

  // "fd_fashion (data)"; without `against`: the metric's name.
  std::string Name() const;
};

// As an object for programs, and as it is stored; all but the subject, what it is against, and `without_block`.
Json ToJson(const MeasuredValue& value);
// Back from that; of the metric the name and the unit. Throws Json::exception for an object that is none.
MeasuredValue MeasuredValueFromJson(const Json& json);

// Adds to the note, after a semicolon where there is one already.
void AddNote(const std::string& note, MeasuredValue* value);

// Whether the number of values was there beforehand, or followed from the values: a run stopped when it had its answer.
enum class Sampling { kFixed, kStopped };

// The mean over samples with its interval, by bootstrap or, of a run that stopped, as a confidence sequence
// (harness/stats/confidence_sequence.h); infinite values (identical pictures) and NaN (undefined ones) are counted and
// left out.
MeasuredValue MeanOf(std::span<const double> values, const MetricInfo& metric, Sampling sampling = Sampling::kFixed);
inline constexpr const char* kSequenceInterval = "confidence sequence over samples (asymptotic)";

}  // namespace skipbench
