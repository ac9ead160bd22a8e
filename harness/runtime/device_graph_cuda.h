// DeviceGraph by CUDA; only in builds that have CUDA's headers.
#pragma once

#include <c10/core/Device.h>

#include <memory>

#include "harness/runtime/device_graph.h"

namespace skipbench {

std::unique_ptr<DeviceGraph> MakeCudaGraph(c10::Device device, const DeviceGraph* share);

}  // namespace skipbench
