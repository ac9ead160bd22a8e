// How many threads may be asked for.
#pragma once

#include <string>

namespace skipbench {

// Error naming `what` when `threads` is negative, or more than 64 and more than four for each processor: threads that
// wait for one another on few processors take for ever. 0 (the default of whoever asks) is fine.
void RequireThreads(int threads, const std::string& what);

}  // namespace skipbench
