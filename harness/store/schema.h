// The layout of a results file, and what stands in its root: who made it, from what, with which settings.
// README.md lists its groups, datasets and attributes; search_record.h and path_study_record.h those of their parts. A
// segment (one wave) and a joined file have the same layout. The version goes up when a reader of the old one would
// misunderstand a file; additions that it can pass over don't need that.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "harness/io/hdf5/hdf5.h"
#include "harness/store/records.h"

namespace skipbench {

inline constexpr int64_t kSchemaVersion = 1;

// Where and with what a file was made; a run that was resumed elsewhere has several.
std::vector<Json> EnvironmentsOf(const RunHeader& header);
// Adds those that `list` lacks.
void MergeEnvironments(std::vector<Json>& list, const std::vector<Json>& more);

// Which skipbench made a result, "skipbench 0.1.0 (9ebbb61ccce6, modified)"; of several builds each once, in their
// order: "... and 0.1.0 (06afd5e51f10)".
std::string DescribeBuilds(const std::vector<Json>& environments);

// Writes the attributes of the root, and /settings with a group for each setting (without per-sample columns).
void WriteHeader(hdf5::Group& root, const RunHeader& header, const std::vector<Json>& environments);

// Error naming the file: not a result, a newer schema, something missing or of the wrong kind.
RunHeader ReadHeader(const hdf5::Group& root);
std::vector<Json> ReadEnvironments(const hdf5::Group& root);

// The first difference that makes two headers belong to different runs, as text: "config: methods[2].delta: 0.01 there,
// 0.02 here"; empty when there is none. Where it was made (device, threads, versions) does not count. With `shards` the
// two may be different shards of one run.
std::string FirstDifference(const RunHeader& there, const RunHeader& here, bool shards);

}  // namespace skipbench
