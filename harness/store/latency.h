// The measurements of latency mode in a results file.
#pragma once

#include <span>
#include <vector>

#include "harness/io/hdf5/hdf5.h"
#include "harness/store/records.h"

namespace skipbench {

inline constexpr const char* kLatencyGroup = "latency";

// A group for each record: attributes setting, label, batch, threads, peak_memory (bytes), peak_memory_kind, status,
// message; a dataset [repeats] in seconds for each stage. Error if a record refers to a setting that the run does not
// have.
void WriteLatency(hdf5::Group& group, std::span<const LatencyRecord> records, const RunHeader& header);
std::vector<LatencyRecord> ReadLatency(const hdf5::Group& group, const RunHeader& header);

}  // namespace skipbench
