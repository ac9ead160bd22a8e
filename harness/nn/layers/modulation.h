// adaLN, as all diffusion transformers have it (Peebles & Xie 2023): a vector that depends on the timestep and the like
// shifts, scales and gates what a block does to every token.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

#include "harness/nn/layers/linear.h"

namespace skipbench {

// norm(x) (1 + scale) + shift over the last dimension of x [B, N, dim], computed in float32 and rounded once. The norm
// is a layer norm without weights, counted as `name` (not counted where that is empty); shift and scale [1 or B, dim].
at::Tensor NormAndModulate(const std::string& name, const at::Tensor& x, double eps, const at::Tensor& shift,
                           const at::Tensor& scale);

// What a block begins with: what its modulation came to, and its first norm of the tokens, shifted and scaled by it.
struct ModulatedInput {
  std::vector<at::Tensor> parts;  // [1 or B, dim] each; empty: not computed yet
  at::Tensor normed;              // [B, N, dim]; undefined: not computed yet
};

// x + gate h for x and h [B, N, dim], gate [1 or B, dim]. May write into h, which nobody else may need.
at::Tensor GatedAdd(const at::Tensor& x, const at::Tensor& gate, const at::Tensor& h);

// linear(silu(e)) of a vector e [1 or B, in], cut into equal parts.
class Modulation {
 public:
  Modulation(const Weights& w, int64_t in_features, int64_t dim, int64_t parts)
      : parts_(parts), linear_(w, in_features, parts * dim) {}
  std::vector<at::Tensor> Forward(const at::Tensor& e) const;  // `parts` of [1 or B, dim]

 private:
  int64_t parts_;
  Linear linear_;
};

// The same where all blocks share one linear layer and each adds a table of its own: "scale_shift_table".
class ModulationTable {
 public:
  // `shape`: of the tensor in the file, whose last two are [parts, dim].
  ModulationTable(const Weights& w, at::IntArrayRef shape);
  // projected [1 or B, parts * dim], or [1 or B, dim], which is added to every part -> `parts` of [1 or B, dim],
  // float32.
  std::vector<at::Tensor> Forward(const at::Tensor& projected) const;

 private:
  at::Tensor table_;  // [parts, dim], float32
};

}  // namespace skipbench
