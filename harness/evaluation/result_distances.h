// Metrics of whole sets of a run: from the features that the results hold of every sample, so that waves and shards
// merge in any order, against reference data and against the reference setting of the same run.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "harness/evaluation/feature_set.h"
#include "harness/evaluation/metric_row.h"
#include "harness/evaluation/set_rows.h"
#include "harness/store/result_reader.h"
#include "metrics/set_metric.h"

namespace skipbench {

// What a run says about its metrics of sets; kept beside the samples, as the part "set_metrics".
struct SetMetricPlan {
  std::vector<SetMetric> metrics;
  FeatureSets reference;                       // by network: the data's; absent: the metric has none
  std::map<std::string, std::string> weights;  // by network: SHA-256
  std::map<std::string, std::string> missing;  // metrics (of sets or of samples) without weights, and why
  int64_t paper_batch = 16;                    // samples in a batch of psnr:paper; of clips 1
};
inline constexpr const char* kSetMetricsPart = "set_metrics";
void WriteSetMetricPlan(hdf5::Group& group, const SetMetricPlan& plan);
SetMetricPlan ReadSetMetricPlan(const hdf5::Group& group);
// That of a result; nothing where the run has no such metrics.
std::optional<SetMetricPlan> FindSetMetricPlan(const ResultReader& result);

// The column that holds a network's features: "inception:clean" -> "inception_clean" (below features/).
std::string FeatureColumn(const std::string& network);
// The columns (below auxiliary/) that psnr:paper is made of: mean squared error, and the largest value of the picture.
inline constexpr const char* kMseColumn = "psnr_mse";
inline constexpr const char* kPeakColumn = "psnr_peak";

enum class Against { kData, kReferenceSetting };

struct ResultDistance {
  size_t setting = 0;
  Against against = Against::kData;
  MetricRow row;  // metric: "fd_fashion"
};

// Which samples a setting has done; all settings: [setting][sample].
std::vector<bool> DoneSamples(const ResultReader& result, size_t setting);
std::vector<std::vector<bool>> DoneSamples(const ResultReader& result);
// The stored features of a network for the samples that `rows` says; an Error where they are not stored or no sample is
// asked for.
FeatureSet StoredFeatures(const ResultReader& result, size_t setting, const std::string& network,
                          const std::vector<bool>& rows);

// All of them, over the samples that were done (against the reference setting: by both). Distances that cannot be
// computed (a single sample) are rows without a value and with a note. Those stored in the results are used if they are
// of the same samples.
std::vector<ResultDistance> ResultDistances(const ResultReader& result, const DenseSolver& solver,
                                            const SetOptions& options = {});
// The same over the samples that `rows` [setting][sample] says, of those that were done.
std::vector<ResultDistance> ResultDistances(const ResultReader& result, std::vector<std::vector<bool>> rows,
                                            const DenseSolver& solver, const SetOptions& options = {});

// Stored beside the samples, because large networks' distances take a while.
inline constexpr const char* kDistancesPart = "distances";
void WriteDistances(hdf5::Group& group, const std::vector<ResultDistance>& distances, const ResultReader& result);

}  // namespace skipbench
