// First Block Cache: the first block runs at every call, the others only where what it adds has changed since they last
// ran. README.md has the rule, by diffusers' hook and by ParaAttention.
#pragma once

#include "methods/first_block_cache/cache_policy.h"

namespace skipbench {

struct FirstBlockCacheOptions {
  enum class Source { kDiffusers, kParaAttention };
  double threshold = 0.05;
  int warmup_steps = 0;
  CacheScope who = {};
  Source source = Source::kDiffusers;  // of the quirks
};

std::unique_ptr<Method> MakeFirstBlockCache(const FirstBlockCacheOptions& options);
MethodType FirstBlockCacheType();

}  // namespace skipbench
