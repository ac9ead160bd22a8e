#include "harness/runtime/device_index.h"

#include <ATen/ATen.h>

namespace skipbench {

// A copy out of pageable memory has read it when it returns, so that the host's tensor may go.
at::Tensor DeviceIndex(std::span<const int64_t> rows, at::Device device) {
  return at::tensor(at::IntArrayRef(rows.data(), rows.size()), at::kLong).to(device, /*non_blocking=*/true);
}

}  // namespace skipbench
