// Replays a path that was decided beforehand: which calls predict, and which use the last output again.
#pragma once

#include "harness/sampling/search.h"
#include "methods/catalog.h"

namespace skipbench {

MethodType FixedPathType();

// `label` is what the setting is called.
std::unique_ptr<Method> MakeFixedPath(Mask predict, std::string label);

}  // namespace skipbench
