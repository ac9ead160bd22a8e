#include "harness/runtime/device_graph.h"

#include <cstdlib>
#include <string_view>

#ifdef SKIPBENCH_CUDA_GRAPHS
#include "harness/runtime/device_graph_cuda.h"
#endif

namespace skipbench {

std::unique_ptr<DeviceGraph> MakeDeviceGraph(c10::Device device, const DeviceGraph* share) {
  const char* wanted = std::getenv("SKIPBENCH_CUDA_GRAPHS");
  if (!device.is_cuda() || (wanted && std::string_view(wanted) == "0")) return nullptr;
#ifdef SKIPBENCH_CUDA_GRAPHS
  return MakeCudaGraph(device, share);
#else
  return nullptr;
#endif
}

}  // namespace skipbench
