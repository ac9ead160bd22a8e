// Metrics of single samples that networks measure, for the catalog.
#pragma once

#include <memory>

#include "metrics/backbones/feature_network.h"
#include "metrics/metric.h"

namespace skipbench {

std::vector<std::filesystem::path> LpipsAlexWeights(const FeatureNetworkOptions& options);
std::vector<std::filesystem::path> LpipsVggWeights(const FeatureNetworkOptions& options);
std::vector<std::filesystem::path> CaptionAccuracyWeights(const FeatureNetworkOptions& options);
std::unique_ptr<MetricNetwork> OpenLpipsAlex(const FeatureNetworkOptions& options);
std::unique_ptr<MetricNetwork> OpenLpipsVgg(const FeatureNetworkOptions& options);
std::unique_ptr<MetricNetwork> OpenCaptionAccuracy(const FeatureNetworkOptions& options);

}  // namespace skipbench
