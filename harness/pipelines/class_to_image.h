// LDM-4: class-conditional ImageNet (Rombach et al. 2022). A folder with unet, vqvae, class_embedder and scheduler.
#pragma once

#include "harness/pipelines/catalog.h"

namespace skipbench {

PipelineType ClassToImagePipelineType();

}  // namespace skipbench
