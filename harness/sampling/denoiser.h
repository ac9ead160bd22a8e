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
  at::Tensor sample;                          // [n, C, ...] scaled model input, one row a trajectory
  double timestep = 0;
  std::span<const int64_t> conditioning;      // [n] index of each row's conditioning (its sample's place in the wave)
  std::vector<int> keep;                      // full forward: branches whose features to return
  bool shallow = false;
  int branch = 0;                             // shallow forward: the cache position
  at::Tensor features;                        // shallow forward: the cached tensors of `branch`, [halves, n, C', H', W']
};

struct DenoiserOutput {
  at::Tensor raw;                             // [halves, n, C, ...]: unconditional first when guided; halves = 1 or 2
  std::map<int, at::Tensor> features;         // branch -> [halves, n, C', H', W']
};

class Denoiser {
 public:
  virtual ~Denoiser() = default;
  virtual DenoiserOutput Predict(const DenoiserInput& input) = 0;
  virtual int halves() const = 0;             // 2 with guidance (unconditional, conditional), else 1
  // raw [halves, n, C, ...] -> guided prediction [n, C, ...].
  virtual at::Tensor Guide(const at::Tensor& raw) const = 0;
  virtual int branches() const = 0;           // cache positions; 0: cannot run shallow
  // Cost of one prediction of one sample, guidance included.
  virtual MacCount Macs(Action action, int branch) const = 0;
};

}  // namespace skipbench
