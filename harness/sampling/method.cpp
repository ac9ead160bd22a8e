#include "harness/sampling/method.h"

#include <algorithm>

namespace skipbench {

void Needs::Merge(const Needs& other) {
  latent_order = std::max(latent_order, other.latent_order);
  prediction_order = std::max(prediction_order, other.prediction_order);
  tensors |= other.tensors;
}

}  // namespace skipbench
