// The outputs of a stack's modules, attention and feed-forwards, on the way from a full forward that keeps them to a
// partial one in which they stand in the modules' place.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <map>
#include <vector>

#include "harness/base/cache_site.h"

namespace skipbench {

// Of one forward, whose blocks come to their modules in the same order every time. Kinds of modules are bits, see
// harness/base/cache_site.h.
class ModuleOutputs {
 public:
  // A full forward that keeps the outputs of each of these sets of kinds.
  explicit ModuleOutputs(const std::vector<uint8_t>& keep);
  // A partial forward: `cached` [B, total], as Kept() gave it, stands in the place of the modules of these kinds.
  ModuleOutputs(uint8_t modules, at::Tensor cached) : replaced_(modules), cached_(std::move(cached)) {}

  // Whether modules of all the kinds `of` are not computed.
  bool Replaces(uint8_t of) const { return (replaced_ & of) == of; }
  // The next of the outputs, a copy that may be changed. Throws Error where there are too few.
  at::Tensor Take(at::IntArrayRef shape);
  // Whether the output of a module is kept: by a set with all kinds `of` and none of `without`.
  bool Keeps(uint8_t of, uint8_t without = 0) const;
  // Copies the output of a module [B, ...] where it is kept.
  void Keep(const at::Tensor& output, uint8_t of, uint8_t without = 0);
  at::Tensor Kept(uint8_t modules) const;  // of one of the sets: [B, total]
  void CheckAllTaken() const;              // throws Error where there were too many

 private:
  uint8_t replaced_ = 0;
  at::Tensor cached_;
  int64_t taken_ = 0;
  std::map<uint8_t, std::vector<at::Tensor>> kept_;
};

// The output of a module of this kind, which `compute` gives, or what stands in its place. `outputs` may be null.
template <typename Compute>
at::Tensor RunModule(ModuleOutputs* outputs, uint8_t kind, at::IntArrayRef shape, const Compute& compute) {
  if (!outputs) return compute();
  if (outputs->Replaces(kind)) return outputs->Take(shape);
  const at::Tensor output = compute();
  outputs->Keep(output, kind);
  return output;
}

}  // namespace skipbench
