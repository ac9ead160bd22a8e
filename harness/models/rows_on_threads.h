// Forwards on a CPU in which every thread takes rows of its own, so that threads meet once a forward and not several
// times a layer: a small network has hundreds of layers a millisecond apart, and where another process wants a core,
// every meeting waits for the thread that it has stopped.
#pragma once

#include <cstdint>

#include "harness/models/network.h"

namespace skipbench {

// A number of pieces into which `rows` are cut for `threads`, one piece a thread: 1 (none) unless every thread gets
// about as many. `row_macs`, of a forward of one row, must be small enough for the pieces' weights to stay in caches.
int64_t PiecesOfRows(int64_t rows, int64_t threads, int64_t row_macs);

// PiecesOfRows for this batch on this process' threads; 1 too where products do not run on our own kernels, whose
// results depend neither on the batch nor on threads, and where somebody looks on (`observe`, a profiler).
int64_t PiecesOnThreads(const NetworkInputs& inputs, at::ScalarType dtype, int64_t row_macs);

// As network.Forward, to the same bits where rows do not depend on each other. Each of `pieces` >= 1 runs on one
// thread.
NetworkOutput ForwardOnThreads(const Network& network, const NetworkInputs& inputs, const NetworkWork& work,
                               int64_t pieces);

}  // namespace skipbench
