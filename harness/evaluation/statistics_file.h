// Reference statistics on disk: .npz as pytorch-fid and clean-fid write them, with what skipbench adds.
#pragma once

#include <filesystem>
#include <string>

#include "harness/evaluation/feature_set.h"

namespace skipbench {

// Arrays: mu [d], sigma [d, d], and, where skipbench wrote the file, count, network (whose features, as a metric names
// it), weights (their SHA-256) and features [n, d]. `network`: the metric's; another one in the file is an Error, a
// file that does not say is taken at its word. Throws Error naming the file and the array: missing, of another shape,
// not finite.
FeatureSet ReadStatisticsFile(const std::filesystem::path& path, const std::string& network);

// The network that the file says its statistics are of; empty where it does not say.
std::string NetworkOfStatistics(const std::filesystem::path& path);
// Whether two names are of the same features: a layer that is the default may be left out.
bool SameFeatures(const std::string& a, const std::string& b);

// Writes mu, sigma (unbiased), count, network and weights, all float64; with `keep_features` also features. At least
// two samples.
void WriteStatisticsFile(const std::filesystem::path& path, const FeatureSet& set, const std::string& network,
                         bool keep_features);

}  // namespace skipbench
