// What a network looks like to the sampler.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "harness/base/mac_count.h"
#include "harness/sampling/method.h"

namespace skipbench {

struct DenoiserInput {
  at::Tensor sample;  // [n, C, ...] scaled model input, one row a trajectory
  double timestep = 0;
  std::span<const int64_t> conditioning;  // [n] index of each row's conditioning (its sample's place in the wave)
  std::vector<int> keep;                  // full forward: cache positions whose features to return
  bool shallow = false;
  int cache_position = 0;  // shallow forward: the cache position
  at::Tensor features;     // shallow forward: the cached tensors of `cache_position`, [guidance_rows, n, C', H', W']
};

struct DenoiserOutput {
  at::Tensor model_output;  // [guidance_rows, n, C, ...]: unconditional first when guided; guidance_rows = 1 or 2
  std::map<int, at::Tensor> features;  // cache position -> [guidance_rows, n, C', H', W']
};

class Denoiser {
 public:
  virtual ~Denoiser() = default;
  virtual DenoiserOutput Predict(const DenoiserInput& input) = 0;
  virtual int guidance_rows() const = 0;  // 2 with guidance (unconditional, conditional), else 1
  // model_output [guidance_rows, n, C, ...] -> guided prediction [n, C, ...].
  virtual at::Tensor Guide(const at::Tensor& model_output) const = 0;
  virtual int cache_positions() const = 0;  // cache positions; 0: cannot run shallow
  // Cost of one prediction of one sample, guidance included.
  virtual MacCount Macs(Action action, int cache_position) const = 0;
};

}  // namespace skipbench
