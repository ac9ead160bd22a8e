// DDPM (Ho et al. 2020): CIFAR10, LSUN. The latents are the pictures.
#pragma once

#include "harness/pipelines/catalog.h"

namespace skipbench {

PipelineType UnconditionalPipelineType();

}  // namespace skipbench
