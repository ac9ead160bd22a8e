// The only file that includes LibTorch's interpreter, whose headers are slow to compile.
#include "metrics/backbones/torchscript.h"

#include <ATen/ATen.h>
#include <fmt/ostream.h>
#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/serialization/import.h>

#include <mutex>
#include <utility>
#include <vector>

#include "harness/io/files/sha256.h"

namespace skipbench {
namespace {

// The first line of one of LibTorch's messages; the rest is a stack trace.
std::string FirstLine(const std::string& text) { return text.substr(0, text.find('\n')); }

torch::jit::Module Load(const std::filesystem::path& path) {
  try {
    torch::jit::Module module = torch::jit::load(path.string(), at::kCPU);
    module.eval();
    return module;
  } catch (const std::exception& e) {
    Fail("{}: not a TorchScript archive that can be loaded: {}", path.string(), FirstLine(e.what()));
  }
}

class TorchScriptNetwork : public FeatureNetwork {
 public:
  TorchScriptNetwork(FeatureNetworkInfo info, TorchScriptInput input, torch::jit::Module module)
      : FeatureNetwork(std::move(info)), input_(input), module_(std::move(module)) {
    const auto method = module_.find_method("forward");
    if (!method) Fail("{}: the TorchScript module has no forward()", info_.weights.string());
    const auto& arguments = method->function().getSchema().arguments();  // self, the input, ...
    if (arguments.size() < 2) Fail("{}: the TorchScript module's forward() takes no input", info_.weights.string());
    for (size_t i = 2; i < arguments.size(); ++i) {
      const std::string& name = arguments[i].name();
      if (name == "return_features") {
        more_.emplace_back(true);
      } else if (name == "rescale" || name == "resize") {
        info_.clips = true;
        info_.batch = 1;
        more_.emplace_back(input_ == TorchScriptInput::kBytes);
      } else if (arguments[i].default_value()) {
        more_.push_back(*arguments[i].default_value());
      } else {
        Fail("{}: the TorchScript module's forward() wants \"{}\", which nothing here can give it",
             info_.weights.string(), name);
      }
    }
  }

 protected:
  at::Tensor Compute(const at::Tensor& pictures) const override {
    at::Tensor x = info_.clips ? pictures.transpose(1, 2).contiguous() : pictures;
    if (input_ == TorchScriptInput::kZeroToOne) x = x.to(at::kFloat).div_(255);
    if (input_ == TorchScriptInput::kMinusOneToOne) x = x.to(at::kFloat).div_(127.5).sub_(1);
    std::vector<c10::IValue> arguments = {x};
    arguments.insert(arguments.end(), more_.begin(), more_.end());
    const at::Tensor features = First(Run(std::move(arguments)));
    if (features.dim() != 2 || features.size(0) != pictures.size(0) || !features.is_floating_point())
      Fail(
          "{}: expected one feature vector per sample, floating-point [{}, d], from the TorchScript module, found {} "
          "{}",
          info_.weights.string(), pictures.size(0), c10::toString(features.scalar_type()),
          fmt::streamed(features.sizes()));
    return features;
  }

 private:
  c10::IValue Run(std::vector<c10::IValue> arguments) const {
    const std::lock_guard lock(mutex_);
    try {
      return module_.forward(std::move(arguments));
    } catch (const std::exception& e) {
      Fail("{}: the TorchScript module fails on this input: {}", info_.weights.string(), FirstLine(e.what()));
    }
  }

  at::Tensor First(c10::IValue value) const {
    if (value.isTuple() && !value.toTupleRef().elements().empty()) value = value.toTupleRef().elements()[0];
    if (value.isTensorList() && !value.toTensorVector().empty()) value = value.toTensorVector()[0];
    if (!value.isTensor())
      Fail("{}: expected a tensor of features from the TorchScript module, found {}", info_.weights.string(),
           value.tagKind());
    return value.toTensor();
  }

  TorchScriptInput input_;
  mutable std::mutex mutex_;  // forward() is not const, and its profiling not thread-safe
  mutable torch::jit::Module module_;
  std::vector<c10::IValue> more_;  // arguments after the input
};

}  // namespace

const char* TorchScriptInputName(TorchScriptInput input) {
  static constexpr const char* kNames[] = {"torchscript", "torchscript_01", "torchscript_11"};
  return kNames[static_cast<int>(input)];
}

std::unique_ptr<FeatureNetwork> OpenTorchScript(const std::filesystem::path& path, TorchScriptInput input) {
  const std::string name = fmt::format("{}:{}", TorchScriptInputName(input), path.string());
  if (!std::filesystem::is_regular_file(path))
    throw MissingWeightsError(name, "no such TorchScript file: " + path.string());
  return std::make_unique<TorchScriptNetwork>(FeatureNetworkInfo{.name = name,
                                                                 .network = "torchscript",
                                                                 .preprocessing = "file",
                                                                 .weights = path,
                                                                 .weights_sha256 = Sha256OfFile(path)},
                                              input, Load(path));
}

}  // namespace skipbench
