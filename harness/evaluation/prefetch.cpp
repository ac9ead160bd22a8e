#include "harness/evaluation/prefetch.h"

#include <ATen/Parallel.h>
#include <omp.h>

namespace skipbench {

void KeepOperatorsOnThisThread() {
  at::get_num_threads();   // LibTorch sets a thread's number on its first question; ours has to come after it
  omp_set_num_threads(1);  // of this thread only: at::set_num_threads would be for all
}

}  // namespace skipbench
