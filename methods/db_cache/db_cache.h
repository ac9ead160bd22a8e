// DBCache: the first Fn and the last Bn blocks run at every call, those between only where what the first ones add has
// changed since they last ran. README.md has the rule, by cache-dit.
#pragma once

#include "methods/first_block_cache/cache_policy.h"

namespace skipbench {

struct DBCacheOptions {
  enum class Calibrator { kNone, kTaylorSeer, kFoCa };
  enum class Policy { kDynamic, kStatic };  // of the calls whose entry in the mask is 0
  int fn_compute_blocks = 8;
  int bn_compute_blocks = 0;
  double residual_diff_threshold = 0.08;
  int max_warmup_steps = 8;
  int warmup_interval = 1;
  int max_cached_steps = -1;             // -1: no limit
  int max_continuous_cached_steps = -1;  // -1: no limit
  std::optional<double> max_accumulated_residual_diff_threshold = {};
  std::optional<std::vector<int64_t>> steps_computation_mask = {};
  Policy steps_computation_policy = Policy::kDynamic;
  Calibrator calibrator = Calibrator::kNone;
  int taylorseer_order = 1;
  CacheScope who = {};
};

std::unique_ptr<Method> MakeDBCache(const DBCacheOptions& options);
MethodType DBCacheType();

}  // namespace skipbench
