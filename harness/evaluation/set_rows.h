// Metrics of whole sets, from the features of both.
#pragma once

#include <vector>

#include "harness/evaluation/evaluate.h"
#include "harness/evaluation/feature_set.h"
#include "harness/evaluation/metric_row.h"
#include "harness/stats/dense_solver.h"
#include "metrics/set_metric.h"

namespace skipbench {

struct SetOptions {
  int64_t blocks = 20;           // of the jackknife that gives all of them intervals; 0: none
  int64_t kernel_subsets = 100;  // of KID
  int64_t kernel_subset_size = 1000;
  int64_t neighbours = 3;  // of precision and recall
};

// The rows of a metric of features (kFrechet, kKernel, kPrecisionRecall: one row a column). `paired`: row i of
// `pictures` and of `reference` belong to the same sample. Throws Error naming the sets: too few pictures, features
// that a statistics file does not hold, values that are not finite, different dimensions.
std::vector<MetricRow> SetRows(const SetMetric& metric, const FeatureSet& pictures, const FeatureSet& reference,
                               bool paired, const DenseSolver& solver, const SetOptions& options,
                               const std::string& subject);

// What is said beside the published evaluation's values.
inline constexpr const char* kPaperPsnrNote =
    "the published evaluation's protocol, for comparison with its tables: batches with their own peak and pooled error";
inline constexpr const char* kPaperFrechetNote =
    "the published evaluation's protocol, for comparison with its tables: one pair of clips at a time, which leaves "
    "the squared distance "
    "of their features; no distance between distributions";
MetricRow PaperPsnrRow(const PaperPsnr& paper, int64_t samples);
// Of measured pictures: batches of 16 in order; each clip a batch of its own, then the mean over clips.
MetricRow PaperPsnrRow(const SampleTable& table);

// |f_a - f_b|^2 of each pair: what the published evaluation of AdaptiveDiffusion calls FVD. [n]
std::vector<double> PairedSquaredDistances(const FeatureSet& pictures, const FeatureSet& reference);

// The rows of all `requests`, in their order: means over samples with their intervals, metrics of sets, and a row that
// says "not available" for each whose weights are missing.
std::vector<MetricRow> ReportRows(const Measurement& measured, const std::vector<MetricRequest>& requests,
                                  const MetricNetworks& networks, const DenseSolver& solver, const SetOptions& options,
                                  const std::string& subject);

}  // namespace skipbench
