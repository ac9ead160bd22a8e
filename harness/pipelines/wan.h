// Wan 2.1 (Alibaba 2025): captions to clips by flow matching. A folder with transformer, vae, scheduler and UMT5.
#pragma once

#include "harness/pipelines/catalog.h"

namespace skipbench {

PipelineType WanPipelineType();

}  // namespace skipbench
