// A network whose forwards are recorded as device graphs and launched as a whole, for each kind of forward a graph of
// its own.
#pragma once

#include <memory>
#include <tuple>
#include <vector>

#include "harness/models/network.h"
#include "harness/runtime/device_graph.h"

namespace skipbench {

class ReplayedNetwork {
 public:
  explicit ReplayedNetwork(const Network& network) : network_(network) {}

  // As Network::Forward and Network::ForwardShallow, to the same values up to rounding. The first forward of a kind
  // (number of rows, cuts to keep, cut of a shallow one) runs in the ordinary way and the second is recorded; where
  // nothing can be recorded (no graphs on this device, an observer, work that a graph cannot hold) all run in the
  // ordinary way.
  NetworkOutput Forward(const NetworkInputs& inputs, const std::vector<int>& keep_cuts);
  at::Tensor ForwardShallow(const NetworkInputs& inputs, int cut, const at::Tensor& features);

 private:
  // Graphs beyond this number would only hold memory: a tree of many settings has batches of every size.
  static constexpr size_t kMostGraphs = 8;
  static constexpr int kNotShallow = -1;
  using Kind = std::tuple<int64_t, int, std::vector<int>>;  // rows, cut of a shallow one, cuts to keep

  struct Recorded {
    int uses = 0;
    NetworkInputs inputs;  // tensors of its own, which every forward is copied into
    at::Tensor features;
    std::vector<at::Tensor> sources;  // what `inputs`' conditioning was last copied from
    NetworkOutput output;
    std::unique_ptr<DeviceGraph> graph;
  };

  NetworkOutput Run(const NetworkInputs& inputs, const Kind& kind, const at::Tensor& features);
  NetworkOutput Plain(const NetworkInputs& inputs, const Kind& kind, const at::Tensor& features) const;
  bool Record(const NetworkInputs& inputs, const Kind& kind, const at::Tensor& features, Recorded* recorded);

  const Network& network_;
  bool recordable_ = true;
  std::map<Kind, Recorded> kinds_;
  const DeviceGraph* first_ = nullptr;  // whose memory the others share
  size_t graphs_ = 0;
};

}  // namespace skipbench
