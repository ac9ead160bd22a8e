// DiT (Peebles & Xie 2023): class-conditional ImageNet by a transformer. A folder with transformer, vae and scheduler.
#pragma once

#include "harness/pipelines/catalog.h"

namespace skipbench {

PipelineType DiTPipelineType();

}  // namespace skipbench
