#include "harness/runtime/threads.h"

#include <algorithm>
#include <thread>

#include "harness/base/error.h"

namespace skipbench {

void RequireThreads(int threads, const std::string& what) {
  const int processors = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  const int most = std::max(64, 4 * processors);
  if (threads < 0 || threads > most)
    Fail("{}: expected 0 to {} (four for each of the {} processors here, or 64), found {}", what, most, processors,
         threads);
}

}  // namespace skipbench
