// EasyCache: the network is not run until the change of its output, predicted from how its input moves, adds up to a
// threshold. README.md has the paper's rule, as in its scripts, and ComfyUI's. It needs nothing of the network.
#pragma once

#include "methods/first_block_cache/cache_policy.h"

namespace skipbench {

struct EasyCacheOptions {
  enum class Rule { kPaper, kComfyUi };
  Rule rule = Rule::kPaper;
  std::optional<double> thresh = {};                // 0.05; kComfyUi: 0.2
  int ret_steps = 10, last_steps = 1;               // kPaper
  double start_percent = 0.15, end_percent = 0.95;  // kComfyUi
  CacheScope who = {};
};

std::unique_ptr<Method> MakeEasyCache(const EasyCacheOptions& options);
MethodType EasyCacheType();

}  // namespace skipbench
