#include "harness/experiment/file_noise.h"

#include <ATen/ATen.h>

#include "harness/base/error.h"
#include "harness/nn/tensor_file.h"

namespace skipbench {
namespace {

at::Tensor ReadNoiseTensor(const std::filesystem::path& path, const std::string& name) {
  auto tensors = ReadTensorFile(path);
  auto found = tensors.find(name);
  if (found == tensors.end()) {
    std::string known;
    for (const auto& [key, tensor] : tensors) known += (known.empty() ? "" : ", ") + key;
    Fail("{}: no tensor \"{}\" for the noise; there are: {}", path.string(), name, known);
  }
  return found->second.to(at::kFloat);
}

class FileStream : public NoiseStream {
 public:
  FileStream(const NoiseConfig& config, at::Tensor initial, at::Tensor steps, int64_t ordinal, at::IntArrayRef shape)
      : config_(config), initial_(std::move(initial)), steps_(std::move(steps)), ordinal_(ordinal), shape_(shape.vec()) {}

  at::Tensor Draw(int draw) override {
    if (draw == 0) return Row(initial_, config_.path, config_.tensor);
    if (!steps_.defined())
      Fail("noise: the scheduler draws noise in every step; give \"step_noise\" beside the initial noise of {}", config_.path.string());
    if (draw > steps_.size(0))
      Fail("{}: {}: has draws for {} calls, call {} needs one", config_.step_path.string(), config_.step_tensor, steps_.size(0), draw - 1);
    return Row(steps_[draw - 1], config_.step_path, config_.step_tensor);
  }

 private:
  at::Tensor Row(const at::Tensor& rows, const std::filesystem::path& path, const std::string& name) const {
    if (rows.dim() == 0 || rows.size(0) <= ordinal_)
      Fail("{}: {}: has noise for {} samples, sample number {} needs a row", path.string(), name, rows.dim() ? rows.size(0) : 0, ordinal_);
    const at::Tensor row = rows[ordinal_];
    if (row.sizes() != at::IntArrayRef(shape_))
      Fail("{}: {}: rows have the shape [{}], the latents [{}]", path.string(), name, fmt::join(row.sizes(), ", "), fmt::join(shape_, ", "));
    return row;
  }

  const NoiseConfig& config_;
  at::Tensor initial_, steps_;
  int64_t ordinal_;
  std::vector<int64_t> shape_;
};

class FileSource : public NoiseSource {
 public:
  explicit FileSource(const NoiseConfig& config) : config_(config), initial_(ReadNoiseTensor(config.path, config.tensor)) {
    if (!config.step_path.empty()) steps_ = ReadNoiseTensor(config.step_path, config.step_tensor);
  }
  std::unique_ptr<NoiseStream> Open(int64_t, int64_t ordinal, at::IntArrayRef shape) const override {
    return std::make_unique<FileStream>(config_, initial_, steps_, ordinal, shape);
  }

 private:
  NoiseConfig config_;
  at::Tensor initial_, steps_;
};

}  // namespace

std::unique_ptr<NoiseSource> FileNoise(const NoiseConfig& config) { return std::make_unique<FileSource>(config); }

std::unique_ptr<NoiseSource> MakeNoise(const NoiseConfig& config, uint64_t seed) {
  if (config.source == "torch_cpu") return TorchCpuNoise(seed);
  if (config.source == "file") return FileNoise(config);
  return CounterNoise(seed);
}

}  // namespace skipbench
