#include "harness/nn/weights/wrapper_names.h"

#include <algorithm>

namespace skipbench {
namespace {

constexpr std::string_view kCompiled = "_orig_mod.", kDataParallel = "module.";

// The name without torch.compile's part wherever it stands.
std::string WithoutCompiled(std::string_view name) {
  std::string bare;
  while (!name.empty()) {
    if (name.starts_with(kCompiled)) {
      name.remove_prefix(kCompiled.size());
      continue;
    }
    const size_t end = std::min(name.find('.'), name.size() - 1) + 1;
    bare += name.substr(0, end);
    name.remove_prefix(end);
  }
  return bare;
}

}  // namespace

WrapperNames::WrapperNames(const std::vector<std::string>& names) {
  data_parallel_ = !names.empty();
  for (const auto& name : names) {
    const std::string bare = WithoutCompiled(name);
    if (bare.size() != name.size()) found_.emplace(kCompiled);
    data_parallel_ &= bare.starts_with(kDataParallel);
  }
  if (data_parallel_) found_.emplace(kDataParallel);
}

std::string WrapperNames::Bare(std::string_view name) const {
  const std::string bare = WithoutCompiled(name);
  return data_parallel_ && bare.starts_with(kDataParallel) ? bare.substr(kDataParallel.size()) : bare;
}

}  // namespace skipbench
