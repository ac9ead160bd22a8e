// Searches for the skip paths that cost the least final-latent error: greedy, with a beam, or over all paths.
//
// Greedy (the paper's "greedy search" of the optimal path): start from the full path; add again and again the one skip
// that leaves the final latent nearest to the full path's. Every path on the way is kept: the family is nested. A beam
// keeps the best few paths of each number of skips instead of one and need not be nested; the exhaustive search tries
// every path, so that greedy's own gap is known.
#pragma once

#include <memory>

#include "harness/base/options.h"
#include "harness/sampling/search.h"

namespace skipbench {

struct PathSearchOptions {
  int beam = 1;                // paths kept for each number of skips; 1 is greedy
  bool exhaustive = false;     // every path with up to as many skips as wanted, at most 131,072 of them
  int max_run = 0;             // longest run of skips; 0: no limit
  int first = 1;               // that many calls at the start always predict
  int last = 0;                // and that many at the end
  bool shared = false;         // one path for all samples
  int64_t shared_samples = 0;  // shared: searched on the first that many samples; 0: on all
};

// Of greedy_search and of the study of paths.
const OptionTable<PathSearchOptions>& PathSearchTable();

std::unique_ptr<Search> MakePathSearch(const PathSearchOptions& options);

// Largest number of skips that a path may have; a greedy search under `max_run` may end a little before it.
int MostSkips(const PathSearchOptions& options, int calls);

}  // namespace skipbench
