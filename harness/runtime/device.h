// What a run computes on. Where tensors live: parsing a device's name, waiting for it, and its peak memory. Nothing
// here includes CUDA's headers: LibTorch's device-generic interface serves, so one source builds for a CPU and for a
// CUDA LibTorch.
#pragma once

#include <c10/core/Device.h>

#include <cstdint>
#include <optional>
#include <string>

namespace skipbench {

// Whether this program was linked with a CUDA LibTorch.
bool BuiltWithCuda();

// Number of GPUs that LibTorch can use; 0 in a CPU build and without a driver.
int GpuCount();

// "auto" (the first GPU if there is one, else the CPU), "cpu", "cuda" (= "cuda:0") or "cuda:N".
// Errors: another name; a GPU in a CPU build; a GPU that is not there (the message lists what is).
c10::Device ParseDevice(const std::string& name);

// The processor's name, for provenance: "Intel(R) Xeon(R) ..." or "NVIDIA H200".
std::string DeviceName(c10::Device device);

// Error naming `what` when `threads` is negative, or more than 64 and more than four for each processor: threads that
// wait for one another on few processors take for ever. 0 (the default of whoever asks) is fine.
void RequireThreads(int threads, const std::string& what);

// Makes a device's arithmetic what the dtype says and the same from run to run, for the whole process: no TF32 in
// float32 convolutions (PyTorch allows it there by default: 10 bits of mantissa), no sums of products in half
// precision, and only cuDNN's deterministic algorithms. Nothing to do on the CPU.
void PrepareDevice(c10::Device device);

// What to say of an allocation that `device` could not make: the device, its memory, `what` needed it ("32 rows of
// 4x64x64 in float16 through the network") and `remedy` ("lower batch_size (now 16)").
std::string OutOfMemoryMessage(c10::Device device, const std::string& what, const std::string& remedy);

// Waits until everything queued on the device is done; nothing to do on the CPU.
void Synchronize(c10::Device device);

// Peak memory from construction (or Reset) on.
//   GPU  the peak of the bytes that LibTorch's allocator has handed out: weights and cached tensors included, other
//   users
//        of the GPU not.
//   CPU  how far the process's resident memory rose above what it was at Reset: weights that were loaded before are not
//        included, allocations that fit into memory freed earlier neither.
// These are different quantities; tables name the one they show.
class PeakMemory {
 public:
  explicit PeakMemory(c10::Device device);
  void Reset();
  // Bytes; nothing where the system does not tell (a kernel without /proc/self/clear_refs). Synchronise before reading
  // on a GPU is not necessary: the allocator counts at the time of the call that allocates.
  std::optional<int64_t> Bytes() const;
  // "device_allocator_peak" or "process_peak_growth".
  const char* kind() const;

 private:
  c10::Device device_;
  bool resettable_ = false;
  int64_t start_ = 0;
};

}  // namespace skipbench
