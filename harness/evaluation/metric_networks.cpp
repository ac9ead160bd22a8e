#include "harness/evaluation/metric_networks.h"

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include <set>

namespace skipbench {

std::vector<MetricWeights> FindMetricFiles(const std::vector<MetricRequest>& requests,
                                           const FeatureNetworkOptions& options) {
  std::vector<MetricWeights> weights;
  for (const auto& request : requests) {
    const bool sample = request.sample && request.sample->weights, set = request.set && !request.set->network.empty();
    if (!sample && !set) continue;
    MetricWeights& one = weights.emplace_back(MetricWeights{.metric = request.name});
    try {
      if (sample) one.files = request.sample->weights(options);
      if (set)
        if (const auto file = FindFeatureNetworkWeights(request.set->network, options); !file.empty()) one.files = {file};
    } catch (const MissingWeightsError& e) {
      one.missing = e.what();
    }
  }
  return weights;
}

void RequireMetricFiles(const std::vector<MetricWeights>& weights) {
  std::set<std::string> said;  // metrics may share a network
  std::string missing;
  for (const auto& one : weights)
    if (!one.missing.empty() && said.insert(one.missing).second) missing += (missing.empty() ? "" : "\n") + one.missing;
  if (!missing.empty()) throw MissingWeightsError(missing + "\n--allow-missing leaves such metrics out.");
}

MetricNetworks OpenMetricNetworks(const std::vector<MetricRequest>& requests, const FeatureNetworkOptions& options,
                                  bool allow_missing) {
  MetricNetworks networks;
  const auto weights = FindMetricFiles(requests, options);
  if (!allow_missing) RequireMetricFiles(weights);
  for (const auto& one : weights)
    if (!one.missing.empty()) networks.missing[one.metric] = one.missing;
  for (const auto& request : requests) {
    if (!networks.Available(request)) continue;
    if (request.sample && request.sample->open) networks.samples[request.name] = request.sample->open(options);
    if (request.set && !request.set->network.empty() && !networks.features.contains(request.set->network))
      networks.features[request.set->network] = OpenFeatureNetwork(request.set->network, options);
  }
  return networks;
}

void TryOut(const std::vector<int64_t>& shape, MetricNetworks* networks) {
  c10::InferenceMode inference;
  std::vector<int64_t> batch = shape;
  batch.insert(batch.begin(), 1);
  for (const auto& [name, network] : networks->features)
    networks->dimensions[name] = network->Features(at::zeros(batch, at::kByte)).size(1);
}

}  // namespace skipbench
