// The networks that metrics need, opened before anything is computed.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "metrics/backbones/feature_network.h"
#include "metrics/set_metric.h"

namespace skipbench {

struct MetricNetworks {
  std::map<std::string, std::unique_ptr<FeatureNetwork>> features;  // by SetMetric::network
  std::map<std::string, std::unique_ptr<MetricNetwork>> samples;    // by the metric's name
  std::map<std::string, int64_t> dimensions;                        // of `features`, where they have been tried out
  std::map<std::string, std::string> missing;  // metrics whose weights are missing, and what is missing

  bool Available(const MetricRequest& request) const { return !missing.contains(request.name); }
};

// The weights that a metric needs: found, or what is to be said of those that are missing.
struct MetricWeights {
  std::string metric;
  std::vector<std::filesystem::path> files = {};
  std::string missing = {};  // which file, where it was looked for, how to make it; empty: all are there
};
// Of the metrics that have a network, in their order; nothing is opened. Throws Error for an unknown network.
std::vector<MetricWeights> FindMetricFiles(const std::vector<MetricRequest>& requests,
                                           const FeatureNetworkOptions& options);
// Throws MissingWeightsError that says of each missing file what `missing` says.
void RequireMetricFiles(const std::vector<MetricWeights>& weights);

// Opens each network once. Throws MissingWeightsError (RequireMetricFiles), unless `allow_missing`: then what cannot be
// measured is in `missing`.
MetricNetworks OpenMetricNetworks(const std::vector<MetricRequest>& requests, const FeatureNetworkOptions& options,
                                  bool allow_missing);

// Runs every network once on an empty picture [3, H, W] (or clip [T, 3, H, W]), whose shape is given: input that does
// not fit stops a run before it starts, and a TorchScript file shows how many features it has.
void TryOut(const std::vector<int64_t>& shape, MetricNetworks* networks);

}  // namespace skipbench
