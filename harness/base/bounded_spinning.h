// Bounds how long idle OpenMP threads spin before they sleep, for the program whose main file (only) includes this.
//
// libgomp's threads spin some milliseconds after every parallel region, and a network has thousands of regions a
// second: where another process wants the cores, both lose most of their time. libgomp reads its settings when it is
// loaded, before main, so the program starts itself once more with GOMP_SPINCOUNT in its environment: before any
// library's constructor has run, where that costs some 10 ms. OMP_WAIT_POLICY and GOMP_SPINCOUNT of the user's own are
// left alone.
#pragma once

#include <unistd.h>

#include <cstring>

namespace skipbench {

// Turns of libgomp's waiting loop, one pause instruction each (some 40 to 140 cycles by make of CPU): between 40 and
// 140 us at 3 GHz.
inline constexpr char kSpinCount[] = "GOMP_SPINCOUNT=3000";

// Before constructors: neither the heap nor environ may be used yet.
inline void BoundSpinning(int, char** argv, char** environment) {
  constexpr int kMost = 4096;
  static char* with[kMost + 2];
  int count = 0;
  for (; environment[count]; ++count) {
    if (count == kMost || std::strncmp(environment[count], "GOMP_SPINCOUNT=", 15) == 0 ||
        std::strncmp(environment[count], "OMP_WAIT_POLICY=", 16) == 0)
      return;
    with[count] = environment[count];
  }
  static char setting[sizeof kSpinCount];
  std::memcpy(setting, kSpinCount, sizeof kSpinCount);
  with[count] = setting;
  ::execve("/proc/self/exe", argv, with);  // if it fails, the program goes on as it is
}

__attribute__((section(".preinit_array"), used)) static void (*const bound_spinning)(int, char**,
                                                                                     char**) = BoundSpinning;

}  // namespace skipbench
