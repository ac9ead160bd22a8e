// A device for tests of what is asked of a GPU, on machines that have none: LibTorch takes it for an accelerator
// (PrivateUse1), its memory is the host's and its operators are the CPU's.
//
// What a GPU would refuse is refused: an operator that gets tensors of the host and of the device together, and a read
// of its memory without a copy (its addresses are none that a program may touch). What a program would wait for is
// counted. It is not a GPU in these: nothing runs beside the host, and there are no graphs.
#pragma once

#include <c10/core/Device.h>

#include <cstdint>
#include <map>
#include <string>

namespace skipbench::testing {

// The device; LibTorch is told of it by the first call.
c10::Device HostDevice();

// What has passed between host and device, and when the host waited.
struct DeviceTraffic {
  int64_t copies_to_host = 0, bytes_to_host = 0;  // each waits
  int64_t scalars_to_host = 0;                    // item(): each waits
  int64_t uploads = 0;                            // to the device, those that wait included
  int64_t uploads_waited_for = 0;                 // without non_blocking
  int64_t sizes_waited_for = 0;                   // operators whose result's size the device decides: nonzero, ...
  int64_t operators = 0;
  std::map<std::string, int64_t> waits_by_operator;

  int64_t waits() const { return copies_to_host + scalars_to_host + uploads_waited_for + sizes_waited_for; }
};

// Since the last call, of the whole process.
DeviceTraffic TakeTraffic();

// Bytes that one tensor of the device may have; more throws c10::OutOfMemoryError. 0: any number.
void LimitHostDevice(int64_t bytes);

}  // namespace skipbench::testing
