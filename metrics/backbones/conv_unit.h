// Convolution, batch normalisation and ReLU as one operation, in two or three dimensions: what the feature networks
// consist of.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "harness/nn/weights/weights.h"

namespace skipbench {

struct ConvUnitOptions {
  int64_t in = 0, out = 0;             // channels
  std::vector<int64_t> kernel;         // one entry per dimension: two or three of them
  std::vector<int64_t> stride = {};    // default 1
  std::vector<int64_t> padding = {};   // zeros on both sides; default 0
  std::vector<int64_t> dilation = {};  // default 1
  bool relu = true;
};

// The normalisation is folded into the weights when the unit is made; on a CPU the whole is one call of oneDNN, with
// weights in the layout it wants for the input's size. May be used from several threads.
class ConvUnit {
 public:
  ConvUnit() = default;
  // A convolution "weight" [out, in, kernel...] with "bias" [out] (if `bias`) of `w`.
  ConvUnit(const Weights& w, const ConvUnitOptions& options, bool bias);
  // A convolution without bias of the scope `conv` of `w` and a normalisation of the scope "bn" ("weight", "bias",
  // "running_mean", "running_var").
  ConvUnit(const Weights& w, const std::string& conv, const ConvUnitOptions& options, double eps);

  at::Tensor Forward(const at::Tensor& x) const;  // [n, in, (T,) H, W] -> [n, out, (T',) H', W'], channels last

 private:
  // Weights as oneDNN wants them for inputs of that height and width.
  struct Packed {
    std::mutex mutex;
    std::vector<int64_t> size;
    at::Tensor weight;
  };

  void Prepare(const at::Tensor& weight, const at::Tensor& bias);
  at::Tensor PackedFor(const at::Tensor& x) const;
  ConvUnitOptions options_;
  at::Tensor weight_, bias_;
  std::shared_ptr<Packed> packed_ = std::make_shared<Packed>();
};

}  // namespace skipbench
