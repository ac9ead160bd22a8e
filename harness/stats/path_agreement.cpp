#include "harness/stats/path_agreement.h"

#include <cstdlib>
#include <limits>

#include "harness/base/error.h"
#include "harness/base/random.h"

namespace skipbench {
namespace {

void Check(PathMask path, const char* name) {
  for (size_t i = 0; i < path.size(); ++i)
    if (path[i] > 1) Fail("path comparison: {} path, step {}: expected 0 or 1, found {}", name, i, path[i]);
}

double ShiftP(PathMask searched, PathMask estimated, const ContingencyTable& table) {
  const auto n = static_cast<int64_t>(searched.size());
  const int64_t skips = (table[0][0] + table[0][1]) * (table[0][0] + table[1][0]);
  // Shifting keeps the margins, and with them chi2 grows with |skips in common - its expectation|.
  auto distance = [&](int64_t common) { return std::llabs(n * common - skips); };
  int64_t reach = 0;
  for (int64_t shift = 0; shift < n; ++shift) {
    int64_t common = 0;
    for (int64_t i = 0; i < n; ++i) common += searched[i] == 0 && estimated[(i + shift) % n] == 0;
    reach += distance(common) >= distance(table[0][0]);
  }
  return static_cast<double>(reach) / static_cast<double>(n);
}

}  // namespace

PathAgreement ComparePaths(PathMask searched, PathMask estimated, int first) {
  if (searched.size() != estimated.size())
    Fail("path comparison: the searched path has {} steps, the estimated one {}", searched.size(), estimated.size());
  if (first < 0 || static_cast<size_t>(first) >= searched.size())
    Fail("path comparison: no step is left of {} from step {} on", searched.size(), first);
  Check(searched, "searched");
  Check(estimated, "estimated");
  searched = searched.subspan(first);
  estimated = estimated.subspan(first);

  PathAgreement result;
  result.table = {{0, 0}, {0, 0}};
  for (size_t i = 0; i < searched.size(); ++i) ++result.table[searched[i]][estimated[i]];
  result.test = TestIndependence(result.table);
  result.fisher_p = FisherExactP(result.table);
  result.shift_p = ShiftP(searched, estimated, result.table);
  result.skips_searched = result.table[0][0] + result.table[0][1];
  result.skips_estimated = result.table[0][0] + result.table[1][0];
  result.agreement =
      static_cast<double>(result.table[0][0] + result.table[1][1]) / static_cast<double>(searched.size());
  const double n = static_cast<double>(searched.size()), a = static_cast<double>(result.skips_searched) / n,
               b = static_cast<double>(result.skips_estimated) / n, chance = a * b + (1 - a) * (1 - b);
  result.kappa = chance == 1 ? std::numeric_limits<double>::quiet_NaN() : (result.agreement - chance) / (1 - chance);
  return result;
}

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
