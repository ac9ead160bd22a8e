// Replays a path that was decided beforehand: which calls predict, and which use the last output again.
#pragma once

#include "methods/catalog.h"

namespace skipbench {

MethodType FixedPathType();

// `predict` has one entry a scheduler call (true: predict); entry 0 must be true. `label` is what the setting is called.
std::unique_ptr<Method> MakeFixedPath(std::vector<bool> predict, std::string label);

}  // namespace skipbench
