// Multiply-accumulates of a forward pass, counted by running the very same forward code on meta tensors (shapes only:
// no weights, no arithmetic). Every layer's Forward notices a meta input, reports what it would compute and returns an
// empty meta output; so the count cannot drift from what runs.
//
// Two conventions, for a call with the batch as given (not divided by it):
//   modules   what the hook-based counters of the DeepCache and AdaptiveDiffusion repositories count. Convolution:
//             prod(kernel) * Cin * Cout/groups * N * prod(out), plus Cout * N * prod(out) with a bias. Linear:
//             numel(input) * out, plus `out` (once) with a bias. GroupNorm and LayerNorm: 2 * numel(input).
//             Activations, functional calls and the two products inside attention count nothing.
//   matmuls   all multiply-accumulates of convolutions, linears and attention (B * Lq * Lk * (inner_q + inner_v), all
//             heads together); no bias, norm or activation.
// Whatever the optimised forward saves by computing shared rows once (the time embedding is one row for a whole batch)
// is counted as the reference networks run it: once per sample.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <map>
#include <string>

#include "harness/base/mac_count.h"
#include "harness/nn/weights/weights.h"

namespace skipbench {

struct MacReport {
  MacCount total;
  std::map<std::string, MacCount> blocks;          // "conv_in", "down_blocks.0", "decoder.mid_block", ...
  std::map<std::string, MacCount> detail;          // module name, as in diffusers' state dict
  std::map<std::string, int64_t> matmuls_by_kind;  // "conv", "linear", "attention"
};

// Collects what the forwards of this thread report, from construction to destruction. Counters may nest; the innermost
// one collects.
class MacCounter {
 public:
  MacCounter();
  ~MacCounter();
  MacCounter(const MacCounter&) = delete;
  MacCounter& operator=(const MacCounter&) = delete;
  const MacReport& report() const { return report_; }

 private:
  friend void CountMacs(const std::string&, const char*, const MacCount&);
  MacReport report_;
  MacCounter* outer_;
};

// Reports work of `module`; `kind` is "conv", "linear", "attention", "norm" or "pool". Does nothing without a counter.
void CountMacs(const std::string& module, const char* kind, const MacCount& macs);

// The module a scope belongs to: scope() without the dot at its end.
std::string ModuleName(const Weights& w);
// The top-level block of a module name: "down_blocks.1.attentions.0.norm" -> "down_blocks.1".
std::string TopLevelBlock(const std::string& module);

// Shorthands used by the layers. `name`: the module's own name.
void CountConv(const std::string& name, const at::Tensor& output, int64_t in_per_group, int64_t kernel_elements,
               bool bias);
void CountLinear(const std::string& name, int64_t rows, int64_t in_features, int64_t out_features, bool bias);
void CountNorm(const std::string& name, const at::Tensor& input);
void CountAttention(const std::string& name, int64_t batch, int64_t queries, int64_t keys, int64_t inner_q,
                    int64_t inner_v);

}  // namespace skipbench
