// Names of tensors as PyTorch's wrappers leave them in a state dict that was saved from the wrapped network.
//
// torch.compile(network) is a module whose only child is `_orig_mod`, as a part of a network too
// ("down_blocks.0._orig_mod.resnets..."); DataParallel and DistributedDataParallel are modules whose only child is
// `module`, around all of it.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace skipbench {

class WrapperNames {
 public:
  // `names`: of all tensors that were saved together. "module." is a wrapper's only where all of them begin with it.
  explicit WrapperNames(const std::vector<std::string>& names = {});

  // The name without the wrappers: "module._orig_mod.conv_in.weight" is "conv_in.weight".
  std::string Bare(std::string_view name) const;
  // What Bare() leaves out of these names: none, "_orig_mod.", "module." or both.
  const std::set<std::string>& found() const { return found_; }

 private:
  bool data_parallel_ = false;
  std::set<std::string> found_;
};

}  // namespace skipbench
