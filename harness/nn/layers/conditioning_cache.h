// What a network computes from its conditioning alone, kept for the length of a run: the keys and values of every
// cross-attention depend only on the conditioning tokens, the projected time embedding only on the timestep.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <map>
#include <utility>

namespace skipbench {

// Owned by whoever runs a network; made from the conditionings of the run, one row for each (a wave's captions, and the
// empty one). A forward then names, for each row of its batch, the row of the conditioning: no token tensor is
// gathered. Results are bit-identical to those without a cache. Not thread-safe; must not outlive the networks that
// filled it.
class ConditioningCache {
 public:
  // [R, L, D], in the network's dtype and on its device; undefined for networks without cross-attention.
  explicit ConditioningCache(at::Tensor encoder_hidden_states = {}) : tokens_(std::move(encoder_hidden_states)) {}

  const at::Tensor& tokens() const { return tokens_; }

  // The value that `compute` gives for `layer`, computed the first time.
  const at::Tensor& KeyValue(const void* layer, const std::function<at::Tensor(const at::Tensor& tokens)>& compute);
  const at::Tensor& TimeProjection(const void* network, double timestep, const std::function<at::Tensor()>& compute);

 private:
  at::Tensor tokens_;
  std::map<const void*, at::Tensor> key_values_;
  std::map<std::pair<const void*, double>, at::Tensor> times_;
};

// The conditioning tokens of a batch, as the layers get them.
struct CrossAttentionContext {
  at::Tensor tokens;  // [R, L, D]; undefined: the network has no cross-attention
  at::Tensor rows;    // int64 [B]: row of `tokens` for each row of the batch; undefined: 0, 1, ..., B-1
  ConditioningCache* cache = nullptr;
};

}  // namespace skipbench
