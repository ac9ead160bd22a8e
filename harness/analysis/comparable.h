// Whether two results can be compared at all, and which parts of them belong together.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "harness/store/result_reader.h"

namespace skipbench {

// What makes the pictures of two runs differ whatever the program does: another model, seed, noise, guidance, size,
// precision, other captions under the same ids. One line each; empty: comparable.
std::vector<std::string> WhyNotComparable(const ResultReader& base, const ResultReader& now);
// As far as the runs' headers tell.
std::vector<std::string> WhyNotComparable(const RunHeader& base, const RunHeader& now);

// Places (in BASE, in NEW) of the samples that both have, in BASE's order.
std::vector<std::pair<size_t, size_t>> PairSamples(const ResultReader& base, const ResultReader& now);

// The setting of `now` that is the setting `k` of `base`: same method, parameters, scheduler, steps, guidance and full
// run. Else `index` is -1 and `reason` says how the closest one differs, or that there is none.
struct Counterpart {
  int index = -1;
  std::string reason;
};
Counterpart FindCounterpart(const RunHeader& base, size_t k, const RunHeader& now);

}  // namespace skipbench
