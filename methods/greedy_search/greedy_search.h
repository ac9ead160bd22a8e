// Searches for the skip paths that cost the least final-latent error: greedy (the paper's "greedy search" of the
// optimal path), with a beam, or over all paths; README.md says how each goes on. The method's rows are the path found
// at a number of skips, or the longest within an error bound.
#pragma once

#include <memory>

#include "harness/base/options.h"
#include "harness/sampling/search.h"
#include "methods/catalog.h"

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

MethodType GreedySearchType();

}  // namespace skipbench
