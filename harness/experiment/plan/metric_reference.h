// What a run's metrics of sets are compared with, and their values at its end.
#pragma once

#include "harness/analysis/set_distances.h"
#include "harness/experiment/plan/plan.h"
#include "harness/store/result_writer.h"

namespace skipbench {

// What the metrics of sets are measured to, by their names: what "metric_reference" says of the metric, or of all; else
// the data's own reference, where it fits (statistics of the metric's features; pictures, unless the run makes clips);
// else the shipped pictures for the shipped network; else nothing, as for metrics of pairs. Throws Error for reference
// data that are not there, and for two references of the same features.
std::map<std::string, std::filesystem::path> FindMetricReferences(const Plan& plan);

// What people should know of the clips that the run's are compared with: each folder is listed for it.
std::vector<std::string> NotesOnMetricReferences(const Plan& plan);

// Stores which metrics of sets there are and the features (or statistics) of their reference data, which it reads for
// that. Nothing to do for a run without them, and for one that is resumed and has them.
void CommitSetMetrics(const Plan& plan, ResultWriter* writer, bool quiet);

// Computes the distances from the features in the results and stores them.
void CommitDistances(const Plan& plan, ResultWriter* writer);

}  // namespace skipbench
