// What diffusion transformers have in common: a sample becomes tokens, blocks with residual connections change them one
// after the other, a head makes them a prediction.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "harness/base/json.h"
#include "harness/models/network.h"
#include "harness/nn/layers/conditioning_cache.h"
#include "harness/nn/layers/rotary.h"

namespace skipbench {

// Of a config: an integer, absent (`fallback`) or an explicit null (nullopt), which diffusers tells apart.
std::optional<int64_t> IntOrNull(const JsonReader& json, const std::string& key, std::optional<int64_t> fallback,
                                 int64_t min, int64_t max);

// What flows through the blocks, and what every block of a forward reads.
struct TransformerState {
  at::Tensor tokens;      // of the sample: [B, N, dim]
  at::Tensor text;        // tokens of the text where blocks change them, too: [B, L, dim]
  at::Tensor joined;      // where a block took both for one sequence: text, then sample; the two are views of it
  at::Tensor modulation;  // what shifts, scales and gates: [1 or B, ...]
  at::Tensor time;        // the same for the head, where it differs
  at::Tensor classes;     // DiT: labels [B], int64
  CrossAttentionContext context;  // text that the blocks look at and do not change
  at::Tensor mask;                // [B, L]: 0 where a token of the text does not count
  RotaryTable rotary;             // defined where attention has rotary positions
};

// Cut f: f blocks in front, none behind; kept is the sum of what the others add to the sample's tokens [B, N, dim].
class Transformer : public Network {
 public:
  NetworkOutput Forward(const NetworkInputs& inputs, const std::vector<int>& keep_cuts = {}) const final;
  at::Tensor ForwardShallow(const NetworkInputs& inputs, int cut, const at::Tensor& features) const final;

 protected:
  // Checks the inputs; what enters the first block.
  virtual TransformerState Enter(const NetworkInputs& inputs) const = 0;
  virtual void RunBlock(int block, TransformerState* state) const = 0;
  virtual at::Tensor Head(const NetworkInputs& inputs, const TransformerState& state) const = 0;
  virtual std::string BlockName(int block) const;  // diffusers' name; default: "transformer_blocks.N"

  void SetCuts(int64_t blocks);  // fills info_.cuts
  int blocks() const { return static_cast<int>(info_.cuts.size()); }

  // Tokens of a text [B, L, width], in the network's type: "encoder_hidden_states", or those of the cache [R, L, width]
  // with the row of each sample. Throws Error where they are missing or have another shape.
  CrossAttentionContext Text(const NetworkInputs& inputs, int64_t width) const;
  // `project` of the tokens of `context`, computed once for a cache; the same rows.
  static CrossAttentionContext Project(const CrossAttentionContext& context, const void* layer,
                                       const std::function<at::Tensor(const at::Tensor&)>& project);
  static at::Tensor RowsOf(const CrossAttentionContext& context);  // tokens of each sample: [B, L, width]
  // What depends on the sample's size alone, computed once for a cache, as all samples of a run have one size.
  static at::Tensor OncePerRun(const NetworkInputs& inputs, const void* layer, const std::function<at::Tensor()>& make);
  static RotaryTable RotaryOncePerRun(const NetworkInputs& inputs, const void* layer,
                                      const std::function<RotaryTable()>& make);
  // Shows cosines and sines as diffusers has them, one for each value of a head.
  static void ObserveRotary(const NetworkInputs& inputs, const std::string& name, const RotaryTable& table);

 private:
  void Step(const NetworkInputs& inputs, int block, TransformerState* state) const;
};

}  // namespace skipbench
