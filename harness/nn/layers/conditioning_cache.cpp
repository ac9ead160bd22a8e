#include "harness/nn/layers/conditioning_cache.h"

#include <ATen/ATen.h>

#include <vector>

namespace skipbench {

const at::Tensor& ConditioningCache::KeyValue(const void* layer,
                                              const std::function<at::Tensor(const at::Tensor& tokens)>& compute) {
  return Once(&key_values_, layer, [&] {
    if (!one_by_one_) return compute(tokens_);
    std::vector<at::Tensor> rows;
    for (int64_t r = 0; r < tokens_.size(0); ++r) rows.push_back(compute(tokens_.narrow(0, r, 1)));
    return at::cat(rows);
  });
}

}  // namespace skipbench
