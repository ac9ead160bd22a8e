#include "harness/evaluation/metric_networks.h"

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>

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
        if (const auto file = FindFeatureNetworkWeights(request.set->network, options); !file.empty())
          one.files = {file};
    } catch (const MissingWeightsError& e) {
      one.network = e.wanted_by();
      one.missing = e.reason();
    }
  }
  return weights;
}

std::map<std::string, std::string> MissingMetrics(const std::vector<MetricWeights>& weights, bool allow_missing) {
  std::map<std::string, std::string> missing;
  std::vector<std::string> messages;  // each once: metrics may share a network
  for (const auto& one : weights) {
    if (one.missing.empty()) continue;
    missing[one.metric] = one.Message();
    if (std::find(messages.begin(), messages.end(), one.Message()) == messages.end()) messages.push_back(one.Message());
  }
  if (!allow_missing && !messages.empty())
    Fail("{}\n--allow-missing leaves such metrics out.", fmt::join(messages, "\n"));
  return missing;
}

MetricNetworks OpenMetricNetworks(const std::vector<MetricRequest>& requests, const FeatureNetworkOptions& options,
                                  std::map<std::string, std::string> missing) {
  MetricNetworks networks{.features = {}, .samples = {}, .dimensions = {}, .missing = std::move(missing)};
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
