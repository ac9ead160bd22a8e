#include "harness/runtime/device.h"

#include <ATen/ATen.h>
#include <c10/core/CachingDeviceAllocator.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <dlfcn.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <fstream>
#include <string_view>
#include <thread>

#include "harness/base/error.h"

namespace skipbench {

namespace {

// What a file of lines "FIELD: value" in /proc says of `field`; nothing where it does not.
std::optional<std::string> ProcField(const char* file, std::string_view field) {
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) {
    const size_t colon = line.find(':'), value = line.find_first_not_of(" \t", colon + 1);
    if (line.starts_with(field) && colon != std::string::npos && value != std::string::npos &&
        line.find_first_of(" \t:", field.size()) == field.size())
      return line.substr(value);
  }
  return std::nullopt;
}

// A figure of /proc/self/status ("VmRSS", "VmHWM") in bytes.
std::optional<int64_t> ProcessStatus(std::string_view field) {
  const auto kib = ProcField("/proc/self/status", field);
  return kib ? std::optional(std::strtoll(kib->c_str(), nullptr, 10) * 1024) : std::nullopt;
}

// Sets VmHWM back to the present VmRSS (proc(5): writing 5 to clear_refs).
bool ResetProcessPeak() {
  std::ofstream clear("/proc/self/clear_refs");
  clear << "5" << std::flush;
  return clear.good();
}

// Asks the driver (which honours CUDA_VISIBLE_DEVICES as LibTorch does); no CUDA header or library is needed for that.
std::string GpuName(int index) {
  void* driver = dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
  if (!driver) return "unknown GPU";
  const auto init = reinterpret_cast<int (*)(unsigned)>(dlsym(driver, "cuInit"));
  const auto get_device = reinterpret_cast<int (*)(int*, int)>(dlsym(driver, "cuDeviceGet"));
  const auto get_name = reinterpret_cast<int (*)(char*, int, int)>(dlsym(driver, "cuDeviceGetName"));
  char name[256] = "";
  int device = 0;
  const bool found = init && get_device && get_name && init(0) == 0 && get_device(&device, index) == 0 &&
                     get_name(name, sizeof name, device) == 0;
  dlclose(driver);
  return found ? name : "unknown GPU";
}

c10::DeviceIndex IndexOf(c10::Device device) { return device.has_index() ? device.index() : c10::DeviceIndex{0}; }

// "cuda:0 (NVIDIA H200), cuda:1 (NVIDIA H200)"; CUDA_VISIBLE_DEVICES may hide others.
std::string ListGpus(int count) {
  std::string list;
  for (int k = 0; k < count; ++k) list += fmt::format("{}cuda:{} ({})", k == 0 ? "" : ", ", k, GpuName(k));
  const char* visible = std::getenv("CUDA_VISIBLE_DEVICES");
  return visible ? fmt::format("{} (CUDA_VISIBLE_DEVICES={})", list, visible) : list;
}

c10::Device Gpu(int index, const std::string& name) {
  if (!BuiltWithCuda()) {
    Fail("device \"{}\": this skipbench was built without CUDA; build with the preset \"cuda\", or use \"cpu\"", name);
  }
  const int count = GpuCount();
  if (count == 0) Fail("device \"{}\": no GPU found (is the NVIDIA driver installed? nvidia-smi tells)", name);
  if (index >= count) Fail("device \"{}\": expected one of the GPUs that there are: {}", name, ListGpus(count));
  return c10::Device(c10::kCUDA, static_cast<c10::DeviceIndex>(index));
}

}  // namespace

bool BuiltWithCuda() { return at::globalContext().hasCUDA() || at::detail::getCUDAHooks().hasCUDART(); }

int GpuCount() { return at::globalContext().hasCUDA() ? at::detail::getCUDAHooks().getNumGPUs() : 0; }

c10::Device ParseDevice(const std::string& name) {
  if (name == "cpu") return c10::kCPU;
  if (name == "auto") return GpuCount() > 0 ? c10::Device(c10::kCUDA, 0) : c10::Device(c10::kCPU);
  if (name == "cuda") return Gpu(0, name);
  constexpr std::string_view prefix = "cuda:";
  if (name.starts_with(prefix)) {
    int index = -1;
    const char* end = name.data() + name.size();
    const auto [stop, error] = std::from_chars(name.data() + prefix.size(), end, index);
    if (error == std::errc() && stop == end && index >= 0) return Gpu(index, name);
  }
  Fail("device \"{}\": expected \"auto\", \"cpu\", \"cuda\" or \"cuda:N\"", name);
}

std::string DeviceName(c10::Device device) {
  return device.is_cpu() ? ProcField("/proc/cpuinfo", "model name").value_or("unknown processor")
                         : GpuName(IndexOf(device));
}

void RequireThreads(int threads, const std::string& what) {
  const int processors = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  const int most = std::max(64, 4 * processors);
  if (threads < 0 || threads > most)
    Fail("{}: expected 0 to {} (four for each of the {} processors here, or 64), found {}", what, most, processors,
         threads);
}

void PrepareDevice(c10::Device device) {
  if (device.is_cpu()) return;
  // What LibTorch makes without being told where (a context, a handle) does not take memory of the first GPU then.
  c10::impl::VirtualGuardImpl(device.type()).setDevice({device.type(), IndexOf(device)});
  at::Context& context = at::globalContext();
  context.setAllowTF32CuDNN(false);
  context.setAllowTF32CuBLAS(false);
  context.setAllowFP16ReductionCuBLAS(false);
  context.setAllowBF16ReductionCuBLAS(false);
  context.setBenchmarkCuDNN(false);
  context.setDeterministicCuDNN(true);
}

std::string OutOfMemoryMessage(c10::Device device, const std::string& what, const std::string& remedy) {
  std::string memory;
  if (!device.is_cpu()) {
    const auto [free, total] = at::getDeviceAllocator(device.type())->getMemoryInfo(IndexOf(device));
    constexpr double kGiB = 1 << 30;
    memory =
        fmt::format(", {:.1f} of {:.1f} GiB free", static_cast<double>(free) / kGiB, static_cast<double>(total) / kGiB);
  }
  return fmt::format("{} ({}{}) is out of memory for {}: {}", device.str(), DeviceName(device), memory, what, remedy);
}

void Synchronize(c10::Device device) {
  if (device.is_cpu()) return;
  c10::impl::VirtualGuardImpl(device.type()).synchronizeDevice(IndexOf(device));
}

PeakMemory::PeakMemory(c10::Device device) : device_(device) {
  if (!device_.is_cpu())
    at::globalContext().lazyInitDevice(device_.type());  // before that the allocator knows of no device
  Reset();
}

void PeakMemory::Reset() {
  if (!device_.is_cpu()) {
    at::getDeviceAllocator(device_.type())->resetPeakStats(IndexOf(device_));
    return;
  }
  resettable_ = ResetProcessPeak();
  start_ = ProcessStatus("VmRSS").value_or(0);
}

std::optional<int64_t> PeakMemory::Bytes() const {
  if (!device_.is_cpu()) {
    const auto stats = at::getDeviceAllocator(device_.type())->getDeviceStats(IndexOf(device_));
    return stats.allocated_bytes[static_cast<size_t>(c10::CachingAllocator::StatType::AGGREGATE)].peak;
  }
  const auto peak = ProcessStatus("VmHWM");
  if (!resettable_ || !peak) return std::nullopt;
  return std::max<int64_t>(0, *peak - start_);
}

const char* PeakMemory::kind() const { return device_.is_cpu() ? "process_peak_growth" : "device_allocator_peak"; }

}  // namespace skipbench
