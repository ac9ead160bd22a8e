#include "methods/catalog.h"

#include "methods/adaptive_diffusion/adaptive_diffusion.h"
#include "methods/deepcache/deepcache.h"
#include "methods/difference_order/difference_order.h"
#include "methods/fewer_steps/fewer_steps.h"
#include "methods/fixed_path/fixed_path.h"
#include "methods/full_step/full_step.h"
#include "methods/greedy_search/greedy_search.h"

namespace skipbench {

const std::vector<MethodType>& MethodTypes() {
  static const std::vector<MethodType> types = {
      FullStepType(), FewerStepsType(), FixedPathType(), DeepCacheType(), AdaptiveDiffusionType(), DifferenceOrderType(),
      GreedySearchType(),
  };
  return types;
}

const MethodType& FindMethodType(const std::string& name, const std::string& where) {
  std::string known;
  for (const auto& type : MethodTypes()) {
    if (type.name == name) return type;
    known += (known.empty() ? "" : ", ") + type.name;
  }
  Fail("{}: unknown method \"{}\"; known: {}", where, name, known);
}

}  // namespace skipbench
