// Row numbers that a device's operators select by.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <span>

namespace skipbench {

// `rows` as int64 [n] on `device`; the host does not wait for what is queued there.
at::Tensor DeviceIndex(std::span<const int64_t> rows, at::Device device);

}  // namespace skipbench
