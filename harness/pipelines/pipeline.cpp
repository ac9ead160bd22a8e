#include "harness/pipelines/pipeline.h"

namespace skipbench {

int64_t Pipeline::latent_elements() const {
  int64_t elements = 1;
  for (int64_t size : info_.latent_shape) elements *= size;
  return elements;
}

}  // namespace skipbench
