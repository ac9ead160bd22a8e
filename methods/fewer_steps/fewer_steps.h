// The same sampler with fewer steps, every prediction computed: what a saved prediction has to beat.
#pragma once

#include "methods/catalog.h"

namespace skipbench {

MethodType FewerStepsType();

}  // namespace skipbench
