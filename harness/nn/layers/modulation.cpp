#include "harness/nn/layers/modulation.h"

#include <ATen/ATen.h>

#include "harness/nn/cpu/token_rows.h"
#include "harness/nn/layers/macs.h"
#include "harness/runtime/profiler.h"

namespace skipbench {

namespace {
at::Tensor Wide(const at::Tensor& t) { return t.to(at::kFloat).contiguous(); }
}  // namespace

at::Tensor NormAndModulate(const std::string& name, const at::Tensor& x, double eps, const at::Tensor& shift,
                           const at::Tensor& scale) {
  if (x.is_meta()) {
    if (!name.empty()) CountNorm(name, x);
    return at::empty_like(x);
  }
  const ProfiledRange range(RangeKind::kOperator, "layer_norm", x.scalar_type(), 0);
  if (cpu::RunsTokenRows(x)) return cpu::NormAndModulate(x.contiguous(), eps, Wide(scale) + 1, Wide(shift));
  // ATen's norm has float32 statistics in half precision, too; what comes after it is float32 here.
  const at::Tensor normed = at::layer_norm(x.to(at::kFloat), {x.size(-1)}, {}, {}, eps);
  return (normed * (1 + Wide(scale)).unsqueeze(1) + Wide(shift).unsqueeze(1)).to(x.scalar_type());
}

at::Tensor GatedAdd(const at::Tensor& x, const at::Tensor& gate, const at::Tensor& h) {
  if (x.is_meta()) return x;
  const ProfiledRange range(RangeKind::kOperator, "gated_add", x.scalar_type(), 0);
  if (cpu::RunsTokenRows(x) && h.is_contiguous()) {
    cpu::GatedAdd(x.contiguous(), Wide(gate), h);
    return h;
  }
  return at::addcmul(x.to(at::kFloat), Wide(gate).unsqueeze(1), h.to(at::kFloat)).to(x.scalar_type());
}

std::vector<at::Tensor> Modulation::Forward(const at::Tensor& e) const {
  return linear_.Forward(at::silu(e)).chunk(parts_, 1);
}

ModulationTable::ModulationTable(const Weights& w, at::IntArrayRef shape)
    : table_(w.Take("scale_shift_table", shape).to(at::kFloat).flatten(0, -2)) {}

std::vector<at::Tensor> ModulationTable::Forward(const at::Tensor& projected) const {
  const int64_t rows = projected.size(0), parts = table_.size(0), dim = table_.size(1);
  const at::Tensor wide = projected.to(at::kFloat).reshape({rows, -1, dim});
  const at::Tensor sums = wide + table_;
  std::vector<at::Tensor> result;
  for (int64_t part = 0; part < parts; ++part) result.push_back(sums.select(1, part));
  return result;
}

}  // namespace skipbench
