// What a network computes from its conditioning alone, kept for the length of a run: the keys and values of every
// cross-attention depend only on the conditioning tokens, the projected time embedding only on the timestep.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <map>
#include <mutex>
#include <utility>

namespace skipbench {

// Owned by whoever runs a network; made from the conditionings of the run, one row for each (a wave's captions, and the
// empty one). A forward then names, for each row of its batch, the row of the conditioning: no token tensor is
// gathered. Threads may share it: one computes, the others wait. It must not outlive the networks that filled it.
class ConditioningCache {
 public:
  // [R, L, D], in the network's dtype and on its device; undefined for networks without cross-attention. With
  // `one_by_one` every row's keys and values are computed alone: a matrix product may round a row differently beside
  // others, and which conditionings share a run is the user's to choose.
  explicit ConditioningCache(at::Tensor encoder_hidden_states = {}, bool one_by_one = false)
      : tokens_(std::move(encoder_hidden_states)), one_by_one_(one_by_one) {}

  const at::Tensor& tokens() const { return tokens_; }

  // The value [R, ...] that `compute` gives for `layer`, computed the first time; `compute` maps rows to rows.
  const at::Tensor& KeyValue(const void* layer, const std::function<at::Tensor(const at::Tensor& tokens)>& compute);
  // The value that `compute` gives for `network` whatever the conditioning and the timestep, computed the first time.
  const at::Tensor& Constant(const void* network, const std::function<at::Tensor()>& compute) {
    return Once(&constants_, network, compute);
  }
  const at::Tensor& TimeProjection(const void* network, double timestep, const std::function<at::Tensor()>& compute) {
    return Once(&times_, {network, timestep}, compute);
  }

 private:
  // `compute` does not come back here.
  template <typename Key>
  const at::Tensor& Once(std::map<Key, at::Tensor>* values, const Key& key,
                         const std::function<at::Tensor()>& compute) {
    const std::lock_guard lock(mutex_);
    at::Tensor& value = (*values)[key];
    if (!value.defined()) value = compute();
    return value;
  }

  at::Tensor tokens_;
  bool one_by_one_;
  std::mutex mutex_;
  std::map<const void*, at::Tensor> key_values_, constants_;
  std::map<std::pair<const void*, double>, at::Tensor> times_;
};

// The conditioning tokens of a batch, as the layers get them.
struct CrossAttentionContext {
  at::Tensor tokens;  // [R, L, D]; undefined: the network has no cross-attention
  at::Tensor rows;    // int64 [B]: row of `tokens` for each row of the batch; undefined: 0, 1, ..., B-1
  ConditioningCache* cache = nullptr;
};

}  // namespace skipbench
