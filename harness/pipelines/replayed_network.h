// A network whose forwards are recorded as device graphs and launched as a whole, for each kind of forward a graph of
// its own.
#pragma once

#include <memory>
#include <optional>
#include <tuple>
#include <vector>

#include "harness/models/network.h"
#include "harness/runtime/device_graph.h"

namespace skipbench {

class ReplayedNetwork {
 public:
  explicit ReplayedNetwork(const Network& network) : network_(network) {}

  // As Network::Forward, to the same values up to rounding. The first forward of a kind (number of rows, sites to keep,
  // site of a partial one) runs in the ordinary way and the second is recorded; where nothing can be recorded (no
  // graphs on this device, an observer, work that a graph cannot hold), and from probes or with outputs of modules, all
  // run in the ordinary way.
  NetworkOutput Forward(const NetworkInputs& inputs, const NetworkWork& work);

 private:
  // Graphs beyond this number would only hold memory: a tree of many settings has batches of every size.
  static constexpr size_t kMostGraphs = 8;
  using Kind = std::tuple<int64_t, std::optional<CacheSite>, std::vector<CacheSite>>;  // rows, site, sites to keep

  struct Recorded {
    int uses = 0;
    NetworkInputs inputs;  // tensors of its own, which every forward is copied into
    at::Tensor cached;
    std::vector<at::Tensor> sources;  // what `inputs`' conditioning was last copied from
    NetworkOutput output;
    std::unique_ptr<DeviceGraph> graph;
  };

  bool Record(const NetworkInputs& inputs, const NetworkWork& work, Recorded* recorded);

  const Network& network_;
  bool recordable_ = true;
  std::map<Kind, Recorded> kinds_;
  const DeviceGraph* first_ = nullptr;  // whose memory the others share
  size_t graphs_ = 0;
};

}  // namespace skipbench
