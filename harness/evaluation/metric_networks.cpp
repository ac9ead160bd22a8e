#include "harness/evaluation/metric_networks.h"

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

namespace skipbench {

MetricNetworks OpenMetricNetworks(const std::vector<MetricRequest>& requests, const FeatureNetworkOptions& options,
                                  bool allow_missing) {
  MetricNetworks networks;
  for (const auto& request : requests) {
    try {
      if (request.sample && request.sample->open) networks.samples[request.name] = request.sample->open(options);
      if (request.set && !request.set->network.empty() && !networks.features.contains(request.set->network))
        networks.features[request.set->network] = OpenFeatureNetwork(request.set->network, options);
    } catch (const MissingWeightsError& e) {
      if (!allow_missing) throw;
      networks.missing[request.name] = e.what();
    }
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
