// TeaCache: the blocks are not run until the changes of a cheap signal, put through a polynomial, add up to a
// threshold. README.md has the rule and the published coefficients' sources.
#pragma once

#include "methods/first_block_cache/cache_policy.h"

namespace skipbench {

struct TeaCacheOptions {
  double rel_l1_thresh = 0;
  std::vector<Json> coefficients = {"identity"};  // numbers, highest power first, or the name of published ones
  // Not given: those that the published coefficients were fitted with, else the modulated input, 1 and 1.
  std::optional<ProbeSite::Signal> signal = {};
  std::optional<int> ret_steps = {}, last_steps = {};
  CacheScope who = {};
};

std::unique_ptr<Method> MakeTeaCache(const TeaCacheOptions& options);
MethodType TeaCacheType();

}  // namespace skipbench
