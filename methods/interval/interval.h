// Full forwards at fixed intervals, what they left at the other calls: FORA (Selvaraju et al., "FORA: Fast-Forward
// Caching in Diffusion Transformer Acceleration", arXiv 2407.01425) and plain interval reuse.
#pragma once

#include "methods/interval/levels.h"

namespace skipbench {

struct IntervalOptions {
  enum class Anchor {
    kEnd,    // FORA's: call 0, and calls from the last one backwards
    kStart,  // calls from 0 on
  };
  int interval = 3;
  Anchor anchor = Anchor::kEnd;
  LevelOptions level = {};
};

std::unique_ptr<Method> MakeInterval(const IntervalOptions& options);
MethodType IntervalType();

}  // namespace skipbench
