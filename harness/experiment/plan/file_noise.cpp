#include "harness/experiment/plan/file_noise.h"

#include <ATen/ATen.h>

#include <cmath>

#include "harness/base/error.h"
#include "harness/nn/weights/tensor_file.h"

namespace skipbench {
namespace {

constexpr const char* kOrderHint =
    "an array that was not C-contiguous (a transposed or sliced one) is written in a wrong order by "
    "safetensors.numpy.save_file (safetensors 0.8.0): write numpy.ascontiguousarray(x)";

at::Tensor ReadNoiseTensor(const std::filesystem::path& path, const std::string& name) {
  auto tensors = ReadTensorFile(path);
  auto found = tensors.find(name);
  if (found == tensors.end()) {
    std::string known;
    for (const auto& [key, tensor] : tensors) known += (known.empty() ? "" : ", ") + key;
    Fail("{}: no tensor \"{}\" for the noise; there are: {}", path.string(), name, known);
  }
  const at::Tensor values = found->second.to(at::kFloat);
  if (const at::Tensor bad = at::isfinite(values).logical_not(); values.dim() > 0 && bad.any().item<bool>()) {
    const at::Tensor place = bad.nonzero()[0];
    std::vector<int64_t> indices(place.const_data_ptr<int64_t>(), place.const_data_ptr<int64_t>() + place.numel());
    Fail("{}: {}: the value at [{}] is not finite", path.string(), name, fmt::join(indices, ", "));
  }
  return values;
}

class FileSource : public NoiseSource {
 public:
  explicit FileSource(const NoiseConfig& config)
      : config_(config), initial_(ReadNoiseTensor(config.path, config.tensor)) {
    if (!config.step_path.empty()) steps_ = ReadNoiseTensor(config.step_path, config.step_tensor);
  }
  std::unique_ptr<NoiseStream> Open(int64_t, int64_t ordinal, at::IntArrayRef shape) const override {
    return std::make_unique<Stream>(*this, ordinal, shape);
  }

 private:
  class Stream : public NoiseStream {
   public:
    Stream(const FileSource& source, int64_t ordinal, at::IntArrayRef shape)
        : source_(source), ordinal_(ordinal), shape_(shape.vec()) {}

    at::Tensor Draw(int draw) override {
      const auto& [config, initial, steps] = std::tie(source_.config_, source_.initial_, source_.steps_);
      if (draw == 0) return Row(initial, config.path, config.tensor);
      if (!steps.defined())
        Fail("noise: the scheduler draws noise in every step; give \"step_noise\" beside the initial noise of {}",
             config.path.string());
      if (draw > steps.size(0))
        Fail("{}: {}: has draws for {} calls, call {} needs one", config.step_path.string(), config.step_tensor,
             steps.size(0), draw - 1);
      return Row(steps[draw - 1], config.step_path, config.step_tensor);
    }

   private:
    at::Tensor Row(const at::Tensor& rows, const std::filesystem::path& path, const std::string& name) const {
      if (rows.dim() == 0 || rows.size(0) <= ordinal_)
        Fail("{}: {}: has noise for {} samples, sample number {} needs a row", path.string(), name,
             rows.dim() ? rows.size(0) : 0, ordinal_);
      const at::Tensor row = rows[ordinal_];
      if (row.sizes() != at::IntArrayRef(shape_))
        Fail("{}: {}: rows have the shape [{}], the latents [{}]. When you change the order of axes: {}", path.string(),
             name, fmt::join(row.sizes(), ", "), fmt::join(shape_, ", "), kOrderHint);
      return row;
    }

    const FileSource& source_;
    int64_t ordinal_;
    std::vector<int64_t> shape_;
  };

  NoiseConfig config_;
  at::Tensor initial_, steps_;
};

}  // namespace

std::unique_ptr<NoiseSource> FileNoise(const NoiseConfig& config) { return std::make_unique<FileSource>(config); }

std::vector<std::string> NotesOnNoiseFiles(const NoiseConfig& config) {
  std::vector<std::string> notes;
  if (config.source != "file") return notes;
  const auto note = [&](const std::filesystem::path& path, const std::string& name) {
    const at::Tensor values = ReadNoiseTensor(path, name).to(at::kDouble);
    const auto n = static_cast<double>(values.numel());
    if (n < 2) return;
    const double mean = values.mean().item<double>(), std = values.std().item<double>();
    std::string text = fmt::format("noise file {}: {}: [{}], mean {:.3g}, standard deviation {:.4g}: ", path.string(),
                                   name, fmt::join(values.sizes(), ", "), mean, std);
    // Six standard errors of either: of unit noise one file in 500 million is further off.
    const bool unit = std::abs(mean) < 6 / std::sqrt(n) && std::abs(std - 1) < 6 / std::sqrt(2 * n);
    notes.push_back(
        text + (unit ? fmt::format("those of unit noise. They would be if its values were in a wrong order, too: {}",
                                   kOrderHint)
                     : "not those of unit noise. Rows are the noise before it is multiplied with init_noise_sigma"));
  };
  note(config.path, config.tensor);
  if (!config.step_path.empty()) note(config.step_path, config.step_tensor);
  return notes;
}

std::unique_ptr<NoiseSource> MakeNoise(const NoiseConfig& config, uint64_t seed) {
  if (config.source == "torch_cpu") return TorchCpuNoise(seed);
  if (config.source == "file") return FileNoise(config);
  return CounterNoise(seed);
}

}  // namespace skipbench
