#include "harness/nn/layers/module_outputs.h"

#include <ATen/ATen.h>
#include <c10/util/accumulate.h>

#include "harness/base/error.h"

namespace skipbench {

namespace {
bool Holds(uint8_t set, uint8_t of, uint8_t without) { return (set & (of | without)) == of; }
}  // namespace

ModuleOutputs::ModuleOutputs(const std::vector<uint8_t>& keep) {
  for (const uint8_t set : keep) kept_[set];
}

at::Tensor ModuleOutputs::Take(at::IntArrayRef shape) {
  const int64_t size = c10::multiply_integers(shape.slice(1));
  if (cached_.dim() != 2 || taken_ + size > cached_.size(1))
    Fail("partial forward: {} values of a row in place of modules that have more", cached_.numel() / cached_.size(0));
  const at::Tensor piece = cached_.narrow(1, taken_, size);
  taken_ += size;
  return piece.clone(at::MemoryFormat::Contiguous).view(shape);
}

void ModuleOutputs::CheckAllTaken() const {
  if (taken_ != cached_.size(1))
    Fail("partial forward: {} values of a row in place of modules that have {}", cached_.size(1), taken_);
}

bool ModuleOutputs::Keeps(uint8_t of, uint8_t without) const {
  for (const auto& [set, pieces] : kept_)
    if (Holds(set, of, without)) return true;
  return false;
}

void ModuleOutputs::Keep(const at::Tensor& output, uint8_t of, uint8_t without) {
  at::Tensor copy;  // blocks change what modules give them
  for (auto& [set, pieces] : kept_) {
    if (!Holds(set, of, without)) continue;
    if (!copy.defined()) copy = output.clone(at::MemoryFormat::Contiguous).flatten(1);
    pieces.push_back(copy);
  }
}

at::Tensor ModuleOutputs::Kept(uint8_t modules) const { return at::cat(kept_.at(modules), 1); }

}  // namespace skipbench
