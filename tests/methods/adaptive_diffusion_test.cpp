#include "tests/methods/conformance.h"

namespace skipbench {

METHOD_EXAMPLES(AdaptiveDiffusion, {"adaptive_diffusion", {{"delta", 0.3}, {"max_skips", 2}}},
                {"adaptive_diffusion", {{"delta", 0.5}, {"max_skips", 0}}},
                {"adaptive_diffusion", {{"delta", 0.3}, {"criterion", "tensor"}, {"norm", "l2"}}},
                {"adaptive_diffusion", {{"delta", 0.3}, {"scope", "group"}}});

}  // namespace skipbench
