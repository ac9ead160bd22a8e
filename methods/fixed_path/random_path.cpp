#include "methods/fixed_path/random_path.h"

#include "harness/base/error.h"
#include "harness/base/random.h"

namespace skipbench {

Mask RandomMask(int calls, int skips, uint64_t seed, int first, int last) {
  const int free = calls - first - last;
  if (skips < 0 || skips > free)
    Fail("{} random skips were asked for; of {} calls at most {} can be skipped", skips, calls, std::max(free, 0));
  // Selection sampling (Knuth, TAOCP 2, algorithm 3.4.2S): each call in turn with the chance that leaves all sets
  // equally likely.
  std::mt19937_64 random(seed);
  Mask mask(calls, 1);
  for (int k = 0, open = skips; k < free && open > 0; ++k) {
    if (UniformBelow(random, static_cast<uint64_t>(free - k)) >= static_cast<uint64_t>(open)) continue;
    mask[first + k] = 0;
    --open;
  }
  return mask;
}

}  // namespace skipbench
