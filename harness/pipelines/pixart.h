// PixArt-alpha (Chen et al. 2023): captions to pictures. A folder with transformer, vae, scheduler and T5.
#pragma once

#include "harness/pipelines/catalog.h"

namespace skipbench {

PipelineType PixArtPipelineType();

}  // namespace skipbench
