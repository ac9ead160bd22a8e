#include "harness/stats/run_permutation.h"

#include <cstdlib>
#include <vector>

#include "harness/base/error.h"
#include "harness/base/random.h"

namespace skipbench {
double RunPermutationP(PathMask searched, PathMask estimated, int first, int draws, uint64_t seed) {
  if (draws < 1) Fail("path comparison: at least one permutation must be drawn, found {}", draws);
  const PathAgreement observed = ComparePaths(searched, estimated, first);
  searched = searched.subspan(first);
  estimated = estimated.subspan(first);
  const auto n = static_cast<int64_t>(searched.size());
  std::vector<int> runs[2];  // lengths of the estimated path's runs of 0 and of 1
  for (int64_t i = 0; i < n; ++i) {
    if (i == 0 || estimated[i] != estimated[i - 1]) runs[estimated[i]].push_back(0);
    ++runs[estimated[i]].back();
  }
  const int64_t skips = observed.skips_searched * observed.skips_estimated;
  auto distance = [&](int64_t common) { return std::llabs(n * common - skips); };
  std::mt19937_64 random(seed);
  int64_t reach = 0;
  for (int draw = 0; draw < draws; ++draw) {
    Shuffle(runs[0], random);
    Shuffle(runs[1], random);
    int kind =
        runs[0].size() == runs[1].size() ? static_cast<int>(UniformBelow(random, 2)) : runs[1].size() > runs[0].size();
    int64_t common = 0, at = 0;
    for (size_t used[2] = {0, 0}; used[0] + used[1] < runs[0].size() + runs[1].size(); kind = !kind) {
      const int length = runs[kind][used[kind]++];
      if (kind == 0)
        for (int64_t i = at; i < at + length; ++i) common += searched[i] == 0;
      at += length;
    }
    reach += distance(common) >= distance(observed.table[0][0]);
  }
  return static_cast<double>(1 + reach) / static_cast<double>(1 + draws);
}

}  // namespace skipbench
