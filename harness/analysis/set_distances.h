// Metrics of whole sets of a run: from the features that the results hold of every sample, so that waves and shards
// merge in any order, against reference data and against the reference setting of the same run.
#pragma once

#include <string>
#include <vector>

#include "harness/analysis/set_metric_plan.h"
#include "harness/measures/feature_set.h"
#include "harness/measures/set_metric.h"
#include "harness/store/result_reader.h"

namespace skipbench {

// What a value is against (MeasuredValue::against).
inline constexpr const char* kAgainstData = "data";
inline constexpr const char* kAgainstReference = "reference";

// The stored features of a network for the samples that `rows` says; an Error where they are not stored or no sample is
// asked for.
FeatureSet StoredFeatures(const ResultReader& result, size_t setting, const std::string& network,
                          const std::vector<bool>& rows);

// All values of metrics of sets, over the samples that were done (against the reference setting: by both); stored ones
// where they are of the same samples. What cannot be computed (a single sample) has no value and a note.
std::vector<MeasuredValue> SetDistances(const ResultReader& result, const SetOptions& options = {});
// The same over the samples that `rows` [setting][sample] says, of those that were done.
std::vector<MeasuredValue> SetDistances(const ResultReader& result, std::vector<std::vector<bool>> rows,
                                        const SetOptions& options = {});

// Stored beside the samples, because large networks' distances take a while.
inline constexpr const char* kDistancesPart = "distances";
void WriteDistances(hdf5::Group& group, const std::vector<MeasuredValue>& distances, const ResultReader& result);

}  // namespace skipbench
