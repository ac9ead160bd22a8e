// The networks that metrics need, opened before anything is computed.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "metrics/backbones/feature_network.h"
#include "metrics/catalog.h"

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
  std::string network = {};  // of missing ones: whose they are
  std::string missing = {};  // which file, where it was looked for, how to make it; empty: all are there

  std::string Message() const { return network + ": " + missing; }
};
// Of the metrics that have a network, in their order; nothing is opened. Throws Error for an unknown network.
std::vector<MetricWeights> FindMetricFiles(const std::vector<MetricRequest>& requests,
                                           const FeatureNetworkOptions& options);
// What of it is missing, by metric; throws Error with all their messages unless `allow_missing`.
std::map<std::string, std::string> MissingMetrics(const std::vector<MetricWeights>& weights, bool allow_missing);

// Opens each network once, but for the metrics in `missing` (MissingMetrics).
MetricNetworks OpenMetricNetworks(const std::vector<MetricRequest>& requests, const FeatureNetworkOptions& options,
                                  std::map<std::string, std::string> missing);

// Runs every network once on an empty picture [3, H, W] (or clip [T, 3, H, W]), whose shape is given: input that does
// not fit stops a run before it starts, and a TorchScript file shows how many features it has.
void TryOut(const std::vector<int64_t>& shape, MetricNetworks* networks);

}  // namespace skipbench
