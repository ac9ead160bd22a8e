// The heap of a program that runs a network again and again.
#pragma once

namespace skipbench {

// From now on freed memory of up to 64 MiB a piece, 256 MiB in all, stays with the process for the next forward instead
// of going back to the system, which would have to clear it anew: activations of a forward are as large in the next
// one. To be called when weights are loaded; does nothing where the allocator is not glibc's.
void KeepFreedMemory();

}  // namespace skipbench
