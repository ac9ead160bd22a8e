#include "harness/nn/layers/rotary.h"

#include <ATen/ATen.h>

#include "harness/nn/cpu/token_rows.h"

namespace skipbench {

RotaryTable RotaryTable::At(const at::Tensor& places, const std::vector<int64_t>& dims, at::Device device,
                            double theta) {
  std::vector<at::Tensor> angles;
  for (size_t axis = 0; axis < dims.size(); ++axis) {
    const at::Tensor exponent =
        at::arange(0, dims[axis], 2, at::TensorOptions(at::kDouble)) / static_cast<double>(dims[axis]);
    angles.push_back(places.select(1, static_cast<int64_t>(axis)).unsqueeze(1) / at::pow(theta, exponent).unsqueeze(0));
  }
  const at::Tensor all = at::cat(angles, 1);
  return {all.cos().to(at::kFloat).to(device), all.sin().to(at::kFloat).to(device)};
}

at::Tensor RotaryTable::Grid(const std::vector<int64_t>& sizes) {
  std::vector<at::Tensor> axes;
  for (size_t axis = 0; axis < sizes.size(); ++axis) {
    std::vector<int64_t> shape(sizes.size(), 1);
    shape[axis] = sizes[axis];
    axes.push_back(at::arange(sizes[axis], at::TensorOptions(at::kDouble)).view(shape).expand(sizes).flatten());
  }
  return at::stack(axes, 1);
}

HeadPreparation::HeadPreparation(const Weights& w, int64_t heads, int64_t dim_head, QueryKeyNorm norm, double eps)
    : heads_(heads), dim_head_(dim_head), norm_(norm), eps_(eps) {
  if (norm == QueryKeyNorm::kNone) return;
  weight_ = w.Take("weight", {norm == QueryKeyNorm::kHead ? dim_head : heads * dim_head}).to(at::kFloat).contiguous();
}

at::Tensor HeadPreparation::RunAten(const at::Tensor& x, const at::Tensor& cos, const at::Tensor& sin) const {
  at::Tensor h = x.to(at::kFloat);
  if (norm_ == QueryKeyNorm::kHead) h = h.unflatten(-1, {heads_, dim_head_});
  if (weight_.defined()) h = h * at::rsqrt(h.square().mean(-1, true) + eps_) * weight_;
  h = h.reshape({x.size(0), x.size(1), heads_, dim_head_});
  if (cos.defined()) {
    const at::Tensor pairs = h.unflatten(-1, {-1, 2}), even = pairs.select(-1, 0), odd = pairs.select(-1, 1);
    const at::Tensor c = cos.unsqueeze(1), s = sin.unsqueeze(1);
    h = at::stack({even * c - odd * s, even * s + odd * c}, -1);
  }
  return h.reshape(x.sizes());
}

void HeadPreparation::Run(const at::Tensor& x, const RotaryTable* rotary, int64_t first, const at::Tensor& out) const {
  if (x.is_meta()) return;
  at::Tensor cos, sin;
  if (rotary) {
    cos = rotary->cos.narrow(0, first, x.size(1));
    sin = rotary->sin.narrow(0, first, x.size(1));
  }
  if (!Does(rotary)) {
    if (!x.is_same(out)) out.copy_(x);
    return;
  }
  if (!cpu::RunsTokenRows(x)) {
    out.copy_(RunAten(x, cos, sin));
    return;
  }
  cpu::NormAndRotate(x,
                     {.heads = heads_,
                      .dim_head = dim_head_,
                      .weight = weight_.defined() ? weight_.const_data_ptr<float>() : nullptr,
                      .across_heads = norm_ == QueryKeyNorm::kAllHeads,
                      .eps = eps_,
                      .cos = rotary ? cos.const_data_ptr<float>() : nullptr,
                      .sin = rotary ? sin.const_data_ptr<float>() : nullptr},
                     out);
}

}  // namespace skipbench
