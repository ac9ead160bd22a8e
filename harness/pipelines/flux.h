// FLUX.1 (Black Forest Labs 2024), dev and schnell: captions to pictures by flow matching, with guidance that the
// network is told (dev) or none (schnell). A folder with transformer, vae, scheduler, CLIP and T5.
#pragma once

#include "harness/pipelines/catalog.h"

namespace skipbench {

PipelineType FluxPipelineType();

}  // namespace skipbench
