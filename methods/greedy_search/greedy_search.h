// The greedy-optimal search as rows of a table: the path found at a number of skips, or the longest within an error
// bound.
#pragma once

#include "methods/catalog.h"
#include "methods/greedy_search/path_search.h"

namespace skipbench {

MethodType GreedySearchType();

}  // namespace skipbench
