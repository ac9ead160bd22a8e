// A list where the schema has a scalar is a sweep: one variant for each combination of values.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "harness/base/options.h"

namespace skipbench {

// The options whose values are lists, by name: whether a text stands for such a list (tea_cache's "coefficients"),
// which is so where elements have no one kind and one of them may stand alone.
using ListKeys = std::map<std::string, bool>;
ListKeys ListOptions(const std::vector<OptionSpec>& options);

// All combinations of the lists in `object`, in the order of its keys, the last key fastest. Keys in `lists` have lists
// for values: they are swept only when they hold a list of lists, or one of lists and texts that stand for lists. An
// empty list is an error at `where` ("FILE: methods[2]").
std::vector<Json> ExpandSweeps(const Json& object, const ListKeys& lists, const std::string& where);

// Applies one --set PATH=VALUE[,VALUE...] to a config. PATH names keys by dots, an entry of "methods" and "scheduler"
// by its `id` or type ("methods.adaptive_diffusion.delta"), of other lists by its index; a mere name becomes an object
// with that type. VALUE is JSON where it reads as such, else a string; several values make a list, unless the key has a
// text. Missing objects on the way are created, entries of lists are not. Throws Error naming the assignment.
void ApplySet(Json* config, const std::string& assignment);

}  // namespace skipbench
