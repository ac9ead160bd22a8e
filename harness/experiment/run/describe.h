// A plan in words, and as the header of its results.
#pragma once

#include <string>

#include "harness/experiment/plan/plan.h"
#include "harness/store/records.h"

namespace skipbench {

// What --dry-run prints: samples, settings, network evaluations at most, MACs, disk.
std::string DescribePlan(const Plan& plan);

// The header of the results: configuration and provenance.
RunHeader MakeHeader(const Plan& plan);

}  // namespace skipbench
