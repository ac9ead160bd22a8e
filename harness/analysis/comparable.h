// Whether two results can be compared at all, and which parts of them belong together.
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "harness/store/result_reader.h"

namespace skipbench {

// What two results may differ in and be compared all the same.
struct Allowances {
  std::set<std::string> kinds = {};                 // of AllowanceKinds()
  std::map<std::string, std::string> renamed = {};  // settings: their label in BASE, and in NEW

  bool Allow(const char* kind) const { return kinds.contains(kind); }
};
// "dtype", "model", "guidance", "steps".
const std::vector<std::string>& AllowanceKinds();

// What makes the pictures of two runs differ whatever the program does: another model, seed, noise, guidance, size,
// precision, other captions under the same ids. One line each; empty: comparable. What is allowed is put into
// `allowed` (may be null) instead: "dtype: float32 in BASE, bfloat16 in NEW".
std::vector<std::string> WhyNotComparable(const ResultReader& base, const ResultReader& now,
                                          const Allowances& allowances = {},
                                          std::vector<std::string>* allowed = nullptr);
// As far as the runs' headers tell.
std::vector<std::string> WhyNotComparable(const RunHeader& base, const RunHeader& now,
                                          const Allowances& allowances = {},
                                          std::vector<std::string>* allowed = nullptr);

// Places (in BASE, in NEW) of the samples that both have, in BASE's order.
std::vector<std::pair<size_t, size_t>> PairSamples(const ResultReader& base, const ResultReader& now);

// The setting of `now` that is the setting `k` of `base`: same method, parameters, scheduler, steps, guidance and full
// run, but for what is allowed. Else `index` is -1 and `reason` says how the closest one differs, or that there is
// none.
struct Counterpart {
  int index = -1;
  std::string reason;
  std::string allowed = {};  // how the two differ, where they do
};
Counterpart FindCounterpart(const RunHeader& base, size_t k, const RunHeader& now, const Allowances& allowances = {});

// "full_step: steps: 4 in BASE, 50 in NEW (and 1 more)": settings with one label that are not each other's counterpart;
// empty: there are none.
std::string CalledTheSame(const RunHeader& base, const RunHeader& now);

}  // namespace skipbench
