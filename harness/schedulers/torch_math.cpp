#include "harness/schedulers/torch_math.h"

#include <ATen/ATen.h>

namespace skipbench::torch_math {

float Sqrt(float x) { return at::scalar_tensor(x, at::kFloat).sqrt().item<float>(); }
float Exp(float x) { return at::scalar_tensor(x, at::kFloat).exp().item<float>(); }
float Log(float x) { return at::scalar_tensor(x, at::kFloat).log().item<float>(); }

}  // namespace skipbench::torch_math
