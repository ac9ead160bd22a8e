// SeaCache: the blocks are not run until changes of the input, seen through a filter that follows the noise level, add
// up to a threshold; their residual is extrapolated. README.md has the rule, by diffusers' hook.
#pragma once

#include "methods/first_block_cache/cache_policy.h"

namespace skipbench {

struct SeaCacheOptions {
  double threshold = 0.25;
  int residual_order = 1;
  int retention_steps = 1;
  int cache_end_steps = 1;
  int max_consecutive_cached = 2;  // 0: no limit
  double power_exp = 3;
  CacheScope who = {};
};

std::unique_ptr<Method> MakeSeaCache(const SeaCacheOptions& options);
MethodType SeaCacheType();

}  // namespace skipbench
