// The coefficients that TeaCache's repository has as literals, and what they go with.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "harness/base/cache_site.h"

namespace skipbench {

struct PublishedCoefficients {
  std::string_view name;
  std::vector<double> coefficients;  // highest power first
  ProbeSite::Signal signal;          // whose changes they were fitted to
  int ret_steps, last_steps;         // calls at the start and at the end that compute
};

// Of github.com/ali-vilab/TeaCache at 7c10efc (2025-06): each model's script, or eval/teacache/experiments.
std::span<const PublishedCoefficients> AllPublishedCoefficients();

}  // namespace skipbench
