// A stretch of work on a GPU that is recorded once and launched as a whole from then on (a CUDA graph): a network's
// forward is some thousand kernels, and launching them one by one keeps a fast GPU waiting for the host.
#pragma once

#include <c10/core/Device.h>

#include <functional>
#include <memory>

namespace skipbench {

class DeviceGraph {
 public:
  virtual ~DeviceGraph() = default;
  // Runs `work` once without executing it: what it queues on the device is recorded, with the addresses of its tensors.
  // `work` must have run before in the ordinary way (libraries choose their algorithms then), must not wait for the
  // device nor copy to or from the host, and its tensors must outlive the graph. Throws what `work` throws and
  // c10::Error for work that cannot be recorded; the graph is empty then.
  virtual void Record(const std::function<void()>& work) = 0;
  // Queues what was recorded, on the current stream. What Record's `work` made lies where it lay, until the next Replay
  // of this graph or of one that shares its memory.
  virtual void Replay() = 0;
};

// An empty graph, or null where there are none: on the CPU, in a build without CUDA's headers, and where the
// environment variable SKIPBENCH_CUDA_GRAPHS is "0". With `share`, a recorded graph that lives at least as long, both
// use the same memory for what their work makes on the way.
std::unique_ptr<DeviceGraph> MakeDeviceGraph(c10::Device device, const DeviceGraph* share = nullptr);

}  // namespace skipbench
