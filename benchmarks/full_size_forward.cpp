// One denoising network, loaded and run at another program's bidding: scripts/compare_full_size.py lets it take turns
// with diffusers. Not a benchmark to be run by hand.
//
//   bench_full_size_forward FOLDER DTYPE INPUTS OUTPUT [DEVICE]
//
// INPUTS: safetensors with "sample", "timestep" and what else the network takes, under diffusers' names of the
// arguments
// ("encoder_hidden_states", "class_labels"). DEVICE: cpu (the default) or cuda:N, where the forward is a recorded graph
// from the second on. Every line on the standard input is one forward; every forward is answered by a line of JSON, as
// is the loading before them. The last output stands in OUTPUT as "sample", in float32.
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <c10/core/InferenceMode.h>

#include <atomic>
#include <chrono>
#include <fstream>
#include <iostream>
#include <thread>

#include "harness/base/error.h"
#include "harness/base/json.h"
#include "harness/io/files/safetensors.h"
#include "harness/models/load.h"
#include "harness/nn/cpu/cpu_gemm.h"
#include "harness/nn/weights/tensor_file.h"
#include "harness/pipelines/replayed_network.h"
#include "harness/runtime/device.h"
#include "harness/runtime/heap.h"
#include "tests/support/tensor_files.h"

namespace skipbench {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

double SecondsSince(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

// A line of /proc/self/status ("RssAnon:"), in bytes.
int64_t StatusBytes(const std::string& key) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with(key)) return std::stoll(line.substr(key.size())) * 1024;
  Fail("/proc/self/status has no {}", key);
}

// Anonymous memory of this process: what is not a page of a file.
int64_t AnonymousBytes() { return StatusBytes("RssAnon:"); }
// The largest size that the process ever had in memory, pages of files included.
int64_t ResidentPeakBytes() { return StatusBytes("VmHWM:"); }

// The largest growth of the anonymous memory, looked at every millisecond.
class AnonymousPeak {
 public:
  AnonymousPeak() : start_(AnonymousBytes()), watcher_([this] { Watch(); }) {}
  ~AnonymousPeak() { Stop(); }
  int64_t Stop() {
    stop_ = true;
    if (watcher_.joinable()) watcher_.join();
    return std::max(peak_, AnonymousBytes()) - start_;
  }

 private:
  void Watch() {
    while (!stop_) {
      peak_ = std::max(peak_, AnonymousBytes());
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }
  const int64_t start_;
  int64_t peak_ = 0;
  std::atomic<bool> stop_ = false;
  std::thread watcher_;
};

int64_t Parameters(const fs::path& folder) {
  int64_t count = 0;
  for (const auto& file : fs::directory_iterator(folder)) {
    if (file.path().extension() != ".safetensors") continue;
    const auto opened = SafetensorsFile::Open(file.path());
    for (const SafetensorsEntry& entry : opened->entries()) {
      int64_t size = 1;
      for (int64_t extent : entry.shape) size *= extent;
      count += size;
    }
  }
  return count;
}

at::ScalarType TypeOf(const std::string& name) {
  if (name == "float32") return at::kFloat;
  if (name == "bfloat16") return at::kBFloat16;
  if (name == "float16") return at::kHalf;
  Fail("dtype \"{}\": expected float32, bfloat16 or float16", name);
}

NetworkInputs ReadInputs(const fs::path& path, at::Device device) {
  auto tensors = ReadTensorFile(path);
  NetworkInputs inputs;
  for (auto& [name, tensor] : tensors)
    if (name != "timestep") tensor = tensor.to(device);
  inputs.sample = tensors.at("sample");
  inputs.timestep = tensors.at("timestep").item().toDouble();
  for (const auto& [name, tensor] : tensors)
    if (name != "sample" && name != "timestep") inputs.conditioning[name] = tensor;
  return inputs;
}

void Serve(const fs::path& folder, at::ScalarType dtype, const fs::path& inputs_file, const fs::path& output_file,
           at::Device device) {
  c10::InferenceMode inference;
  PrepareDevice(device);
  const NetworkInputs inputs = ReadInputs(inputs_file, device);
  at::zeros({1 << 16}).add_(1);  // the threads are there before anything is measured
  AnonymousPeak load_peak;
  const auto start = Clock::now();
  const auto network = LoadFolder<Network>(folder, {.dtype = dtype, .device = device});
  Synchronize(device);
  const double seconds = SecondsSince(start);
  KeepFreedMemory();
  ReplayedNetwork replayed(*network);
  const cpu::Kernels* kernels = device.is_cpu() ? cpu::KernelsFor(dtype) : nullptr;
  const int64_t weights = Parameters(folder) * static_cast<int64_t>(at::elementSize(dtype));
  std::cout << Json{{"load_seconds", seconds},
                    {"weights_bytes", weights},
                    {"load_peak_bytes", load_peak.Stop()},
                    {"kernels", kernels ? cpu::DescribeKernels() : "ATen"},
                    {"threads", at::get_num_threads()}}
                   .dump()
            << std::endl;
  for (std::string line; std::getline(std::cin, line);) {
    AnonymousPeak peak;
    PeakMemory device_peak(device);
    const auto begin = Clock::now();
    const at::Tensor output = replayed.Forward(inputs, {}).sample;
    Synchronize(device);
    const double took = SecondsSince(begin);
    const int64_t device_bytes = device.is_cpu() ? 0 : device_peak.Bytes().value_or(0);
    WriteTensorFile(output_file, {{"sample", output.to(at::kFloat)}});
    std::cout << Json{{"seconds", took},
                      {"peak_bytes", peak.Stop()},
                      {"resident_peak_bytes", ResidentPeakBytes()},
                      {"device_peak_bytes", device_bytes}}
                     .dump()
              << std::endl;
  }
}

}  // namespace
}  // namespace skipbench

int main(int argc, char** argv) {
  try {
    if (argc != 5 && argc != 6)
      skipbench::Fail("usage: {} FOLDER float32|bfloat16|float16 INPUTS OUTPUT [cpu|cuda:N]", argv[0]);
    skipbench::Serve(argv[1], skipbench::TypeOf(argv[2]), argv[3], argv[4],
                     skipbench::ParseDevice(argc == 6 ? argv[5] : "cpu"));
    return 0;
  } catch (const std::exception& e) {
    std::cerr << "error: " << e.what() << "\n";
    return 3;
  }
}
