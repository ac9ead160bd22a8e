#include "harness/runtime/device_graph_cuda.h"

#include <ATen/cuda/CUDAGraph.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>

#include <optional>

namespace skipbench {
namespace {

class CudaGraph : public DeviceGraph {
 public:
  CudaGraph(c10::Device device, const CudaGraph* share)
      : device_(device.type(), device.has_index() ? device.index() : 0), share_(share) {}

  void Record(const std::function<void()>& work) override {
    const c10::cuda::CUDAGuard guard(device_);
    graph_.emplace();
    c10::cuda::device_synchronize();
    // The default stream cannot be captured.
    const c10::cuda::CUDAStreamGuard stream(c10::cuda::getStreamFromPool(/*isHighPriority=*/false, device_.index()));
    graph_->capture_begin(share_ && share_->graph_ ? share_->pool_ : at::MempoolId_t{0, 0},
                          cudaStreamCaptureModeThreadLocal);
    try {
      work();
    } catch (...) {
      EndAfterError();
      throw;
    }
    try {
      graph_->capture_end();
      pool_ = graph_->pool();
    } catch (...) {
      graph_.reset();
      throw;
    }
  }

  void Replay() override {
    const c10::cuda::CUDAGuard guard(device_);
    graph_->replay();
  }

 private:
  // A capture must be ended even if it is of no use.
  void EndAfterError() {
    try {
      graph_->capture_end();
    } catch (const std::exception&) {  // says again what `work` has thrown already
    }
    graph_.reset();
  }

  const c10::Device device_;
  const CudaGraph* share_;
  at::MempoolId_t pool_{0, 0};
  std::optional<at::cuda::CUDAGraph> graph_;
};

}  // namespace

std::unique_ptr<DeviceGraph> MakeCudaGraph(c10::Device device, const DeviceGraph* share) {
  return std::make_unique<CudaGraph>(device, dynamic_cast<const CudaGraph*>(share));
}

}  // namespace skipbench
