#include "harness/nn/cpu_attention.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>
#include <memory>

#include "harness/nn/cpu_kernels.h"

namespace skipbench::cpu {

namespace {

using Floats = std::unique_ptr<float[]>;

Floats Allocate(int64_t count) { return Floats(new float[static_cast<size_t>(count)]); }

// One call: heads are packed and then worked through query block by query block.
class Runner {
 public:
  Runner(const Kernels& kernels, const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, int64_t heads, const at::Tensor& out)
      : k_(kernels), q_(q), keys_(k), values_(v), out_(out), heads_(heads), dim_(q.size(2) / heads), length_(k.size(1)) {
    blocks_ = (q.size(1) + k_.max_rows - 1) / k_.max_rows;
    key_size_ = k_.packed_keys_size(length_, dim_);
    value_size_ = k_.packed_values_size(length_, dim_);
    scale_ = static_cast<float>(1 / std::sqrt(static_cast<double>(dim_)));
  }

  void Run() const {
    const int64_t all = q_.size(0) * heads_;
    if (all >= 2 * at::get_num_threads() || all * blocks_ < 4) {
      at::parallel_for(0, all, 1, [&](int64_t begin, int64_t end) {
        const Floats packed = Allocate(key_size_ + value_size_), scratch = Allocate(k_.attention_scratch(dim_));
        for (int64_t head = begin; head < end; ++head) {
          Pack(head, packed.get());
          for (int64_t block = 0; block < blocks_; ++block) Block(head, block, packed.get(), scratch.get());
        }
      });
      return;
    }
    const int64_t size = key_size_ + value_size_;
    const Floats packed = Allocate(all * size);
    at::parallel_for(0, all, 1, [&](int64_t begin, int64_t end) {
      for (int64_t head = begin; head < end; ++head) Pack(head, packed.get() + head * size);
    });
    at::parallel_for(0, all * blocks_, 1, [&](int64_t begin, int64_t end) {
      const Floats scratch = Allocate(k_.attention_scratch(dim_));
      for (int64_t i = begin; i < end; ++i) Block(i / blocks_, i % blocks_, packed.get() + i / blocks_ * size, scratch.get());
    });
  }

 private:
  const float* Head(const at::Tensor& t, int64_t head) const {
    return t.const_data_ptr<float>() + head / heads_ * t.stride(0) + head % heads_ * dim_;
  }

  void Pack(int64_t head, float* packed) const {
    k_.pack_keys(Head(keys_, head), keys_.stride(1), length_, dim_, packed);
    k_.pack_values(Head(values_, head), values_.stride(1), length_, dim_, packed + key_size_);
  }

  void Block(int64_t head, int64_t block, const float* packed, float* scratch) const {
    const int64_t begin = q_.size(1) * block / blocks_, end = q_.size(1) * (block + 1) / blocks_;
    AttentionBlockArgs t;
    t.q = Head(q_, head) + begin * q_.stride(1);
    t.q_stride = q_.stride(1);
    t.queries = static_cast<int>(end - begin);
    t.keys = packed;
    t.values = packed + key_size_;
    t.length = length_;
    t.dim = dim_;
    t.scale = scale_;
    t.out = const_cast<float*>(Head(out_, head)) + begin * out_.stride(1);
    t.out_stride = out_.stride(1);
    t.scratch = scratch;
    k_.attention_f32(t);
  }

  const Kernels& k_;
  const at::Tensor &q_, &keys_, &values_, &out_;
  int64_t heads_, dim_, length_, blocks_ = 0, key_size_ = 0, value_size_ = 0;
  float scale_ = 1;
};

}  // namespace

bool CanRunAttention(const at::Tensor& q) { return q.is_cpu() && q.scalar_type() == at::kFloat && BestKernels(); }

at::Tensor RunAttention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, int64_t heads) {
  at::Tensor out = at::empty(q.sizes(), q.options());
  if (out.numel() > 0) Runner(*BestKernels(), q, k, v, heads, out).Run();
  return out;
}

}  // namespace skipbench::cpu
