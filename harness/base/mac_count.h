// Multiply-accumulates, by two conventions.
#pragma once

#include <cstdint>

namespace skipbench {

// `modules`: what the hook-based counters of the DeepCache and AdaptiveDiffusion repositories count; `matmuls`: all of
// convolutions, linears and attention. harness/nn/layers/macs.h says exactly what each counts.
struct MacCount {
  int64_t modules = 0;
  int64_t matmuls = 0;
  MacCount& operator+=(const MacCount& o) {
    modules += o.modules;
    matmuls += o.matmuls;
    return *this;
  }
  MacCount& operator-=(const MacCount& o) {
    modules -= o.modules;
    matmuls -= o.matmuls;
    return *this;
  }
  friend MacCount operator*(const MacCount& one, int64_t times) { return {one.modules * times, one.matmuls * times}; }
  friend bool operator==(const MacCount&, const MacCount&) = default;
};

}  // namespace skipbench
