// A U-Net whose forwards are recorded as device graphs and launched as a whole, for each kind of forward a graph of its own.
#pragma once

#include <memory>
#include <tuple>
#include <vector>

#include "harness/models/unet.h"
#include "harness/runtime/device_graph.h"

namespace skipbench {

class ReplayedUNet {
 public:
  explicit ReplayedUNet(const UNet& unet) : unet_(unet) {}

  // As UNet::Forward and UNet::ForwardShallow, to the same values up to rounding. The first forward of a kind (number of rows,
  // branches to keep, cache position) runs in the ordinary way and the second is recorded; where nothing can be recorded (no
  // graphs on this device, an observer, work that a graph cannot hold) all run in the ordinary way.
  UNetOutput Forward(const UNetInputs& inputs, const std::vector<int>& keep_branches);
  at::Tensor ForwardShallow(const UNetInputs& inputs, int branch, const at::Tensor& features);

 private:
  // Graphs beyond this number would only hold memory: a tree of many settings has batches of every size.
  static constexpr size_t kMostGraphs = 8;
  static constexpr int kNotShallow = -1;
  using Kind = std::tuple<int64_t, int, std::vector<int>>;           // rows, cache position, branches to keep

  struct Recorded {
    int uses = 0;
    UNetInputs inputs;                       // tensors of its own, which every forward is copied into
    at::Tensor features;
    std::vector<at::Tensor> sources;         // what `inputs`' conditioning was last copied from
    UNetOutput output;
    std::unique_ptr<DeviceGraph> graph;
  };

  UNetOutput Run(const UNetInputs& inputs, const Kind& kind, const at::Tensor& features);
  UNetOutput Plain(const UNetInputs& inputs, const Kind& kind, const at::Tensor& features) const;
  bool Record(const UNetInputs& inputs, const Kind& kind, const at::Tensor& features, Recorded* recorded);

  const UNet& unet_;
  bool recordable_ = true;
  std::map<Kind, Recorded> kinds_;
  const DeviceGraph* first_ = nullptr;       // whose memory the others share
  size_t graphs_ = 0;
};

}  // namespace skipbench
