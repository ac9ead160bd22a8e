// Every prediction of every step: the reference the other methods are measured against.
#pragma once

#include "methods/catalog.h"

namespace skipbench {

MethodType FullStepType();
std::unique_ptr<Method> MakeFullStep();

}  // namespace skipbench
