// ModelScope text-to-video (ms-1.7b): captions to clips.
#pragma once

#include "harness/pipelines/catalog.h"

namespace skipbench {

PipelineType TextToVideoPipelineType();

}  // namespace skipbench
