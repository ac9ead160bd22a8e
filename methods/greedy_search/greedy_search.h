// The greedy-optimal search as rows of a table: the path found at a number of skips, or the longest within an error bound.
#pragma once

#include "methods/catalog.h"
#include "methods/greedy_search/path_search.h"

namespace skipbench {

MethodType GreedySearchType();

// The options that a search has in a config, without its target: read by greedy_search and by the study of paths.
PathSearchOptions ReadPathSearchOptions(const JsonReader& options);

}  // namespace skipbench
