// Stable Diffusion 3 and 3.5 (Esser et al. 2024): captions to pictures by flow matching. A folder with transformer,
// vae, scheduler, two CLIP text encoders and T5, which may be left out.
#pragma once

#include "harness/pipelines/catalog.h"

namespace skipbench {

PipelineType StableDiffusion3PipelineType();

}  // namespace skipbench
