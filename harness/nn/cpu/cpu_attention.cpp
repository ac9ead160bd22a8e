#include "harness/nn/cpu/cpu_attention.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <cmath>

#include "harness/nn/cpu/aligned.h"
#include "harness/nn/cpu/cpu_gemm.h"
#include "harness/nn/cpu/share.h"

namespace skipbench::cpu {

namespace {

// Fewer queries or keys are not worth a matrix unit's while.
constexpr int64_t kFewQueries = 16, kFewKeys = 32;

// A fact of one sample's shape.
const AttentionKernel& AttentionFor(const ElementKernels& kernels, int64_t queries, int64_t keys) {
  return kernels.tile_attention.run && queries >= kFewQueries && keys >= kFewKeys ? kernels.tile_attention
                                                                                  : kernels.attention;
}

// One call: heads are packed and then worked through query block by query block.
class Runner {
 public:
  Runner(const Kernels& kernels, const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, int64_t heads,
         const at::Tensor& out)
      : elements_(KernelsOf(kernels, q.scalar_type())),
        k_(AttentionFor(elements_, q.size(1), k.size(1))),
        q_(q),
        keys_(k),
        values_(v),
        out_(out),
        heads_(heads),
        dim_(q.size(2) / heads),
        length_(k.size(1)),
        size_(static_cast<int64_t>(q.element_size())) {
    all_ = q.size(0) * heads;
    groups_ = CeilDiv(q.size(1), k_.queries);
    // As few blocks of a head as there may be; where threads share heads, some for each thread. A row's result does not
    // depend on its block.
    whole_heads_ = all_ >= 2 * at::get_num_threads() || all_ * groups_ < 4;
    const int64_t wanted = whole_heads_ ? 1 : CeilDiv(kParts * at::get_num_threads(), all_);
    blocks_ = std::max(CeilDiv(groups_, k_.groups), std::min(groups_, wanted));
    key_size_ = WholeLines(k_.keys_size(length_, dim_) * size_);
    value_size_ = WholeLines(k_.values_size(length_, dim_) * size_);
    scratch_size_ = k_.scratch(dim_) * static_cast<int64_t>(sizeof(float));
    scale_ = static_cast<float>(1 / std::sqrt(static_cast<double>(dim_)));
  }

  void Run() const {
    if (whole_heads_) {
      Share(all_, [&](const NextPart& next) {
        const Aligned<char> packed = AllocateAligned<char>(key_size_ + value_size_),
                            scratch = AllocateAligned<char>(scratch_size_);
        const TileUse use(elements_);
        for (int64_t head; next(&head);) {
          Pack(head, packed.get());
          for (int64_t block = 0; block < blocks_; ++block) Block(head, block, packed.get(), scratch.get());
        }
      });
      return;
    }
    const int64_t size = key_size_ + value_size_;
    const Aligned<char> packed = AllocateAligned<char>(all_ * size);
    at::parallel_for(0, all_, 1, [&](int64_t begin, int64_t end) {
      for (int64_t head = begin; head < end; ++head) Pack(head, packed.get() + head * size);
    });
    at::parallel_for(0, all_ * blocks_, 1, [&](int64_t begin, int64_t end) {
      const Aligned<char> scratch = AllocateAligned<char>(scratch_size_);
      const TileUse use(elements_);
      for (int64_t i = begin; i < end; ++i)
        Block(i / blocks_, i % blocks_, packed.get() + i / blocks_ * size, scratch.get());
    });
  }

 private:
  static int64_t WholeLines(int64_t bytes) { return (bytes + 63) / 64 * 64; }

  char* Head(const at::Tensor& t, int64_t head, int64_t row = 0) const {
    return static_cast<char*>(const_cast<void*>(t.const_data_ptr())) +
           (head / heads_ * t.stride(0) + head % heads_ * dim_ + row * t.stride(1)) * size_;
  }

  void Pack(int64_t head, char* packed) const {
    k_.pack_keys(Head(keys_, head), keys_.stride(1), length_, dim_, packed);
    k_.pack_values(Head(values_, head), values_.stride(1), length_, dim_, packed + key_size_);
  }

  void Block(int64_t head, int64_t block, const char* packed, char* scratch) const {
    const auto row = [&](int64_t at) { return q_.size(1) * (groups_ * at / blocks_) / groups_; };
    const int64_t begin = row(block), end = row(block + 1);
    k_.run({.q = Head(q_, head, begin),
            .q_stride = q_.stride(1),
            .queries = static_cast<int>(end - begin),
            .keys = packed,
            .values = packed + key_size_,
            .length = length_,
            .dim = dim_,
            .scale = scale_,
            .out = Head(out_, head, begin),
            .out_stride = out_.stride(1),
            .scratch = reinterpret_cast<float*>(scratch)});
  }

  const ElementKernels& elements_;
  const AttentionKernel& k_;
  const at::Tensor &q_, &keys_, &values_, &out_;
  int64_t heads_, dim_, length_, size_;
  int64_t all_ = 0;          // heads of all rows
  bool whole_heads_ = true;  // a thread takes them one by one
  int64_t groups_ = 0, blocks_ = 0, key_size_ = 0, value_size_ = 0, scratch_size_ = 0;  // sizes in bytes
  float scale_ = 1;
};

}  // namespace

const Kernels* AttentionKernelsFor(const at::Tensor& q, int64_t heads) {
  const Kernels* kernels = q.is_cpu() ? KernelsFor(q.scalar_type()) : nullptr;
  if (kernels && q.scalar_type() == at::kBFloat16 && q.size(2) / heads % 2 != 0) return nullptr;
  return kernels;
}

at::Tensor RunAttention(const Kernels& kernels, const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                        int64_t heads) {
  at::Tensor out = at::empty(q.sizes(), q.options());
  RunAttentionInto(kernels, q, k, v, heads, out);
  return out;
}

void RunAttentionInto(const Kernels& kernels, const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                      int64_t heads, const at::Tensor& out) {
  if (out.numel() > 0) Runner(kernels, q, k, v, heads, out).Run();
}

}  // namespace skipbench::cpu
