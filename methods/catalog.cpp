#include "methods/catalog.h"

#include <algorithm>

#include "harness/base/did_you_mean.h"
#include "methods/adaptive_diffusion/adaptive_diffusion.h"
#include "methods/db_cache/db_cache.h"
#include "methods/deepcache/deepcache.h"
#include "methods/difference_order/difference_order.h"
#include "methods/easy_cache/easy_cache.h"
#include "methods/fewer_steps/fewer_steps.h"
#include "methods/first_block_cache/first_block_cache.h"
#include "methods/fixed_path/fixed_path.h"
#include "methods/full_step/full_step.h"
#include "methods/greedy_search/greedy_search.h"
#include "methods/interval/interval.h"
#include "methods/mag_cache/mag_cache.h"
#include "methods/sada/sada.h"
#include "methods/sea_cache/sea_cache.h"
#include "methods/taylor_seer/taylor_seer.h"
#include "methods/tea_cache/tea_cache.h"

namespace skipbench {

const std::vector<MethodType>& MethodTypes() {
  static const std::vector<MethodType> types = {
      FullStepType(),          FewerStepsType(),      FixedPathType(),    DeepCacheType(),
      AdaptiveDiffusionType(), DifferenceOrderType(), GreedySearchType(), IntervalType(),
      TaylorSeerType(),        FirstBlockCacheType(), DBCacheType(),      TeaCacheType(),
      SeaCacheType(),          EasyCacheType(),       MagCacheType(),     SadaType(),
  };
  return types;
}

const OptionSpec* ThresholdOption(const MethodType& type) {
  const auto found = std::ranges::find_if(type.options, &OptionSpec::threshold);
  return found == type.options.end() ? nullptr : &*found;
}

const MethodType& FindMethodType(const std::string& name, const std::string& where) {
  std::vector<std::string> known;
  for (const auto& type : MethodTypes()) {
    if (type.name == name) return type;
    known.push_back(type.name);
  }
  Fail("{}: unknown method \"{}\"; {}", where, name, KnownNames(name, known));
}

}  // namespace skipbench
