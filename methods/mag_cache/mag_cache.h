// MagCache: the blocks are not run while an error that was measured beforehand, from how fast their residual grows or
// shrinks, stays small. README.md has the rule, and what its sources do otherwise. It looks at nothing: a path for each
// number of steps.
#pragma once

#include <filesystem>

#include "methods/first_block_cache/cache_policy.h"

namespace skipbench {

struct MagCacheOptions {
  enum class Rule { kDiffusers, kFlux, kWan, kHunyuan };
  double threshold = 0.06;
  int max_skip_steps = 3;
  double retention_ratio = 0.2;
  std::vector<Json> mag_ratios = {};  // numbers, or the name of published ratios, or a file's
  bool as_published = false;
  Rule rule = Rule::kDiffusers;  // of the sources
  std::optional<GuidanceScope> halves = {};
};

// `folder`: files start from it.
std::unique_ptr<Method> MakeMagCache(const MagCacheOptions& options, const std::filesystem::path& folder);
MethodType MagCacheType();

}  // namespace skipbench
