// A list where the schema has a scalar is a sweep: one variant for each combination of values.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "harness/base/options.h"

namespace skipbench {

// All combinations of the lists in `object`, in the order of its keys, the last key fastest. Keys in `list_keys` have
// lists for values: they are swept only when they hold a list of lists. An empty list is an error at `where` ("FILE:
// methods[2]").
std::vector<Json> ExpandSweeps(const Json& object, const std::set<std::string>& list_keys, const std::string& where);

// The names of the options whose values are lists.
std::set<std::string> ListOptions(const std::vector<OptionSpec>& options);

// Applies one --set PATH=VALUE[,VALUE...] to a config. PATH names keys by dots, an entry of "methods" and "scheduler"
// by its `id` or type ("methods.adaptive_diffusion.delta"), of other lists by its index; a mere name becomes an object
// with that type. VALUE is JSON where it reads as such, else a string; several values make a list, unless the key has a
// text. Missing objects on the way are created, entries of lists are not. Throws Error naming the assignment.
void ApplySet(Json* config, const std::string& assignment);

}  // namespace skipbench
