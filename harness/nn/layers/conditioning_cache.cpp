#include "harness/nn/layers/conditioning_cache.h"

#include <ATen/ATen.h>

namespace skipbench {

const at::Tensor& ConditioningCache::KeyValue(const void* layer,
                                              const std::function<at::Tensor(const at::Tensor& tokens)>& compute) {
  at::Tensor& value = key_values_[layer];
  if (!value.defined()) value = compute(tokens_);
  return value;
}

const at::Tensor& ConditioningCache::TimeProjection(const void* network, double timestep,
                                                    const std::function<at::Tensor()>& compute) {
  at::Tensor& value = times_[{network, timestep}];
  if (!value.defined()) value = compute();
  return value;
}

}  // namespace skipbench
